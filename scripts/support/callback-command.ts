import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import type { RegistrationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import { askGateway } from './ask-gateway.ts';

export type CallbackCommand =
  | { readonly name: 'list' | 'remove' }
  | { readonly name: 'register'; readonly replace: boolean }
  | { readonly name: 'rotate'; readonly force: boolean };

type Row = Omit<RegistrationReport, 'service'> & { readonly service: string };

export interface CallbackCommandResult {
  readonly listeners: readonly Row[];
  /** After a rotation: until when the URLs of before are taken, in milliseconds since 1970. */
  readonly formerUntil: number | null;
}

const rows: z.ZodType<Row[]> = z.array(
  z.object({
    account: z.string(),
    service: z.string(),
    state: z.enum(['ours', 'former', 'lapsed', 'other', 'none']),
    deliversTo: z.string().nullable(),
    change: z.enum(['registered', 'removed']).nullable(),
  }),
);

const result: z.ZodType<CallbackCommandResult> = z.union([
  rows.transform((listeners) => ({ listeners, formerUntil: null })),
  z.object({ listeners: rows, formerUntil: z.number().nullable() }),
]);

/** Has the running gateway do it; does it itself when none runs. */
export async function runCallbackCommand(config: Config, command: CallbackCommand): Promise<CallbackCommandResult> {
  return (await askGateway(config, endpointOf(command), result)) ?? (await alone(config, command));
}

/** Loaded only when it is needed: it brings half of the gateway with it. */
async function alone(config: Config, command: CallbackCommand): Promise<CallbackCommandResult> {
  const { callbacksWithoutGateway } = await import('./callbacks-without-gateway.ts');
  return callbacksWithoutGateway(config, command);
}

function endpointOf(command: CallbackCommand): { readonly method: 'GET' | 'POST'; readonly path: string } {
  switch (command.name) {
    case 'list':
      return { method: 'GET', path: '/callbacks' };
    case 'register':
      return { method: 'POST', path: `/callbacks/register${command.replace ? '?replace=true' : ''}` };
    case 'rotate':
      return { method: 'POST', path: `/callbacks/rotate${command.force ? '?force=true' : ''}` };
    case 'remove':
      return { method: 'POST', path: '/callbacks/remove' };
  }
}
