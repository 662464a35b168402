import * as z from 'zod';
import { safeText } from './fields.ts';

/** What every mutation takes beside its own fields. */
export const requestOptions = {
  clientReference: safeText('clientReference', 255).nullish(),
  idempotencyKey: z
    .string()
    .min(1, 'idempotencyKey must have 1 to 255 characters.')
    .max(255, 'idempotencyKey must have 1 to 255 characters.')
    // oxlint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'idempotencyKey must not contain control characters.')
    .nullish(),
  validateOnly: z.boolean().nullish(),
};

/** GraphQL gives null for "absent" as readily as nothing; past this point there is only undefined. */
export function absent<Value>(value: Value | null | undefined): Value | undefined {
  return value ?? undefined;
}
