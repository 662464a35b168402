import * as z from 'zod';

/** A name or key of the caller's: it never leaves for the carrier, so its rules do not apply. */
const ownText = (what: string) =>
  z
    .string()
    .min(1, `${what} must have 1 to 255 characters.`)
    .max(255, `${what} must have 1 to 255 characters.`)
    // oxlint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, `${what} must not contain control characters.`)
    .nullish();

/** What every mutation takes beside its own fields. */
export const requestOptions = {
  clientReference: ownText('clientReference'),
  idempotencyKey: ownText('idempotencyKey'),
  validateOnly: z.boolean().nullish(),
};

/** GraphQL gives null for "absent" as readily as nothing; past this point there is only undefined. */
export function absent<Value>(value: Value | null | undefined): Value | undefined {
  return value ?? undefined;
}
