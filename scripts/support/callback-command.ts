import { request } from 'undici';
import * as z from 'zod';
import type { Config } from '../../src/config.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite.ts';
import { GatewayError } from '../../src/errors.ts';
import { callbackListeners, connectCarrier } from '../../src/gateway.ts';
import { createMetrics } from '../../src/metrics.ts';
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
  return (await askGateway(config, command)) ?? (await withoutGateway(config, command));
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

/** With the store open: a login that was refused before is not tried again, and a gateway cannot start meanwhile. */
async function withoutGateway(config: Config, command: CallbackCommand): Promise<readonly Row[]> {
  await using undo = new AsyncDisposableStack();
  const requestLog = undo.use(
    new SqliteRequestLog({
      path: config.storePath,
      hub: new Hub({ tickMs: 0 }),
      now: Date.now,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
  const { thingSpace } = connectCarrier(config, { requestLog, metrics: createMetrics(), now: Date.now, undo });
  const door =
    config.callbackPort === 0
      ? null
      : `http://${config.callbackHost.includes(':') ? `[${config.callbackHost}]` : config.callbackHost}:${config.callbackPort}`;
  const listeners = callbackListeners(config, thingSpace, door);
  switch (command.name) {
    case 'list':
      return listeners.list();
    case 'register':
      return listeners.register({ replace: command.replace });
    case 'remove':
      return listeners.remove();
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
