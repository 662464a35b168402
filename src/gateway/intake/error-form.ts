import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { ErrorForm } from '../../lib/remote-calls.ts';

interface WrittenError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Its own texts and numbers: the code of a `GatewayError`, or the system's code, call and port. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Null when it is no `GatewayError`. */
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly cause: WrittenError | null;
}

/** A `GatewayError` stays one on its way to another thread, with its cause. */
export const ERROR_FORM: ErrorForm = { write: writeError, read: (written) => readError(written as WrittenError) };

export function writeError(error: unknown): WrittenError {
  if (!(error instanceof Error)) return writeError(new Error(String(error)));
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    stack,
    properties: Object.fromEntries(Object.entries(error).filter(([, value]) => ['string', 'number'].includes(typeof value))),
    details: error instanceof GatewayError ? error.details : null,
    cause: cause === undefined ? null : writeError(cause),
  };
}

export function readError({ name, message, stack = message, properties, details, cause: written }: WrittenError): Error {
  const cause = written === null ? undefined : readError(written);
  if (details) return Object.assign(new GatewayError(properties['code'] as ErrorCode, message, { details, cause }), { stack });
  return Object.assign(new Error(message, { cause }), properties, { name, stack });
}
