import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { Refusal } from '../refusal.ts';

/** An element that may be left out or null. */
export const optionalText = z.string().nullish();

/** Largest body read: room for 10,000 devices several times over. */
const maxBodyBytes = 16 * 1024 * 1024;

/** The whole body as text. Rejects when the client leaves, or sends more than 16 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBodyBytes) throw new Error('The request body is larger than 16 MiB.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * A JSON body of the given shape.
 *
 * Refuses with `INPUT_INVALID.RequestUndefined` (blank), `DeserializationFailed` (not JSON, or an element missing or of
 * the wrong type) and `INPUT_INVALID.Request.InvalidCharacter` (one of ' < \ in any text).
 */
export function parseJsonBody<T>(text: string, schema: z.ZodType<T>): T {
  if (text.trim() === '') {
    throw new Refusal('INPUT_INVALID.RequestUndefined', 'Request cannot be blank. Please provide request details.');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Refusal('DeserializationFailed', 'The request body is not valid JSON.');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new Refusal('DeserializationFailed', `Bad or missing element ${where}: ${issue?.message ?? 'invalid'}`);
  }
  if (hasForbiddenCharacter(json)) {
    throw new Refusal('INPUT_INVALID.Request.InvalidCharacter', "There was an invalid character (' or < or \\) in your input.");
  }
  return parsed.data;
}

function hasForbiddenCharacter(json: unknown): boolean {
  if (typeof json === 'string') return /['<\\]/.test(json);
  if (Array.isArray(json)) return json.some(hasForbiddenCharacter);
  return typeof json === 'object' && json !== null && Object.values(json).some(hasForbiddenCharacter);
}
