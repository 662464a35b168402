import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import { GatewayError } from '../../src/errors.ts';

export interface AdminRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: object;
}

const refusal = z.object({ error: z.string(), message: z.string() });

/**
 * Asks the admin listener of the gateway that runs with this configuration, however long the answer takes. First it makes sure
 * that a gateway listens there. So no other program is sent a command, and the answer is of the server's own type.
 *
 * @returns null when nothing listens there: no gateway runs.
 * @throws GatewayError CONFIG_INVALID with what the gateway said, or with the fact that another program listens there.
 */
export async function askGateway<Result>(question: AdminRequest, { adminHost, adminPort }: Config): Promise<Result | null> {
  if (adminPort === 0) return null;
  const host = adminHost === '0.0.0.0' ? '127.0.0.1' : adminHost.includes(':') ? `[${adminHost === '::' ? '::1' : adminHost}]` : adminHost;
  const base = `http://${host}:${adminPort}`;
  const live = await exchange(base, { method: 'GET', path: '/health/live' });
  if (live && live.body !== '{"live":true}') throw notGateway(base);
  const answer = live && (await exchange(base, question));
  if (!answer) return null;
  if (answer.status === 200) return JSON.parse(answer.body) as Result;
  const refused = refusal.safeParse(parseJson(answer.body));
  throw refused.success ? new GatewayError('CONFIG_INVALID', refused.data.message) : notGateway(base);
}

/** A connection of its own, without a time limit. Null where the connection is refused. */
async function exchange(base: string, { method, path, body }: AdminRequest) {
  const asking = request(`${base}${path}`, { method, agent: false, headers: body && { 'content-type': 'application/json' } });
  try {
    asking.end(body && JSON.stringify(body));
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, body: await text(answer) };
  } catch (cause) {
    if (isRefusedConnection(cause)) return null;
    throw new GatewayError('CONFIG_INVALID', `The admin listener at ${base} does not answer: ${String(cause)}.`, { cause });
  }
}

function notGateway(base: string): GatewayError {
  return new GatewayError(
    'CONFIG_INVALID',
    `What listens at ${base} is not the gateway's admin listener. Check M2M_ADMIN_HOST and M2M_ADMIN_PORT.`,
  );
}

function isRefusedConnection(cause: unknown): boolean {
  if (cause instanceof AggregateError) return cause.errors.every(isRefusedConnection);
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function parseJson(written: string): unknown {
  try {
    return JSON.parse(written) as unknown;
  } catch {
    return undefined;
  }
}
