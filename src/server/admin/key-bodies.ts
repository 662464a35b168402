import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { GatewayError } from '../../errors.ts';
import type { NewKey } from '../../resolvers/access/key-ring.ts';
import { grantsShape, scopesShape } from '../../resolvers/access/caller.ts';
import { parseJson } from '../../lib/parse-json.ts';

export const KEY_BODIES = {
  create: z.union([
    z.strictObject({ name: z.string(), scopes: scopesShape, grants: grantsShape, expiresAt: z.number() }),
    z.strictObject({ like: z.string(), expiresAt: z.number() }),
  ]) satisfies z.ZodType<NewKey>,
  revoke: z.strictObject({ id: z.string() }),
  change: z.strictObject({ id: z.string(), scopes: scopesShape.optional(), grants: grantsShape.optional() }),
};

const MAX_BODY_BYTES = 16_384;

/** @throws GatewayError BAD_USER_INPUT */
export async function readBody<Body>(request: IncomingMessage, shape: z.ZodType<Body>): Promise<Body> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new GatewayError('BAD_USER_INPUT', 'Nothing was done: the body must be application/json.');
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A body that is too long is read to its end and thrown away, so that its sender receives the answer.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw new GatewayError('BAD_USER_INPUT', `Nothing was done: the body is longer than ${MAX_BODY_BYTES} bytes.`);
  const body = shape.safeParse(parseJson(Buffer.concat(chunks).toString('utf8')));
  if (body.success) return body.data;
  const where = body.error.issues[0]?.path.join('.') || 'the body';
  throw new GatewayError('BAD_USER_INPUT', `Nothing was done: ${where.slice(0, 100)} does not have the right form.`);
}
