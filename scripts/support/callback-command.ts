import { request } from 'undici';
import * as z from 'zod';
import type { Config } from '../../src/config.ts';
import { GatewayError } from '../../src/errors.ts';
import type { ListenerReport } from '../../src/resolvers/callback-listeners.ts';

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
const failure = z.object({ error: z.string(), message: z.string() });

/** Has the running gateway do it; does it itself when none runs. */
export async function runCallbackCommand(config: Config, command: CallbackCommand): Promise<readonly Row[]> {
  return (await askGateway(config, command)) ?? (await alone(config, command));
}

/** Loaded only when it is needed: it brings half of the gateway with it. */
async function alone(config: Config, command: CallbackCommand): Promise<readonly Row[]> {
  const { callbacksWithoutGateway } = await import('./callbacks-without-gateway.ts');
  return callbacksWithoutGateway(config, command);
}

/** Null when nothing listens on the admin listener's address. */
async function askGateway({ adminHost, adminPort }: Config, command: CallbackCommand): Promise<readonly Row[] | null> {
  if (adminPort === 0) return null;
  const host = adminHost === '0.0.0.0' ? '127.0.0.1' : adminHost.includes(':') ? `[${adminHost === '::' ? '::1' : adminHost}]` : adminHost;
  const base = `http://${host}:${adminPort}`;
  const { method, path } = endpointOf(command);
  let body: string;
  let status: number;
  try {
    const answer = await request(`${base}${path}`, { method });
    status = answer.statusCode;
    body = await answer.body.text();
  } catch (cause) {
    if (isRefusedConnection(cause)) return null;
    throw new GatewayError('CONFIG_INVALID', `The admin listener at ${base} does not answer: ${String(cause)}.`, { cause });
  }
  const parsed = parseJson(body);
  const done = rows.safeParse(parsed);
  if (status === 200 && done.success) return done.data;
  const refused = failure.safeParse(parsed);
  throw new GatewayError(
    'CONFIG_INVALID',
    refused.success
      ? refused.data.message
      : `What listens at ${base} is not the gateway's admin listener. Check M2M_ADMIN_HOST and M2M_ADMIN_PORT.`,
  );
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

function isRefusedConnection(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isRefusedConnection);
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
