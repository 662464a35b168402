import { request } from 'undici';
import * as z from 'zod';
import type { Config } from '../../src/config/config.ts';
import { GatewayError } from '../../src/errors.ts';

const failure = z.object({ error: z.string(), message: z.string() });

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/**
 * Asks the admin listener of the gateway that runs with this configuration, however long it takes.
 *
 * @returns null when nothing listens there: no gateway runs.
 * @throws GatewayError CONFIG_INVALID with what the gateway said, or that it is none.
 */
export async function askGateway<Answer>(
  { adminHost, adminPort }: Config,
  { method, path, body: given }: Question,
  shape: z.ZodType<Answer>,
): Promise<Answer | null> {
  if (adminPort === 0) return null;
  const host = adminHost === '0.0.0.0' ? '127.0.0.1' : adminHost.includes(':') ? `[${adminHost === '::' ? '::1' : adminHost}]` : adminHost;
  const base = `http://${host}:${adminPort}`;
  let body: string;
  let status: number;
  try {
    const answer = await request(`${base}${path}`, {
      method,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(given !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(given) }),
    });
    status = answer.statusCode;
    body = await answer.body.text();
  } catch (cause) {
    if (isRefusedConnection(cause)) return null;
    throw new GatewayError('CONFIG_INVALID', `The admin listener at ${base} does not answer: ${String(cause)}.`, { cause });
  }
  const parsed = parseJson(body);
  const done = shape.safeParse(parsed);
  if (status === 200 && done.success) return done.data;
  const refused = failure.safeParse(parsed);
  throw new GatewayError(
    'CONFIG_INVALID',
    refused.success
      ? refused.data.message
      : `What listens at ${base} is not the gateway's admin listener. Check M2M_ADMIN_HOST and M2M_ADMIN_PORT.`,
  );
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
