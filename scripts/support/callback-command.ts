import * as z from 'zod';
import type { Config } from '../../src/config.ts';
import type { ListenerReport } from '../../src/resolvers/callback-listeners.ts';
import { askGateway } from './ask-gateway.ts';

export type CallbackCommand = { readonly name: 'list' | 'remove' } | { readonly name: 'register'; readonly replace: boolean };

type Row = Omit<ListenerReport, 'service'> & { readonly service: string };

const rows: z.ZodType<Row[]> = z.array(
  z.object({
    account: z.string(),
    service: z.string(),
    state: z.enum(['ours', 'former', 'other', 'none']),
    deliversTo: z.string().nullable(),
    change: z.enum(['registered', 'removed']).nullable(),
  }),
);

/** Has the running gateway do it; does it itself when none runs. */
export async function runCallbackCommand(config: Config, command: CallbackCommand): Promise<readonly Row[]> {
  return (await askGateway(config, endpointOf(command), rows)) ?? (await alone(config, command));
}

/** Loaded only when it is needed: it brings half of the gateway with it. */
async function alone(config: Config, command: CallbackCommand): Promise<readonly Row[]> {
  const { callbacksWithoutGateway } = await import('./callbacks-without-gateway.ts');
  return callbacksWithoutGateway(config, command);
}

function endpointOf(command: CallbackCommand): { readonly method: 'GET' | 'POST'; readonly path: string } {
  switch (command.name) {
    case 'list':
      return { method: 'GET', path: '/callbacks' };
    case 'register':
      return { method: 'POST', path: `/callbacks/register${command.replace ? '?replace=true' : ''}` };
    case 'remove':
      return { method: 'POST', path: '/callbacks/remove' };
  }
}
