/**
 * A request the carrier refuses synchronously.
 *
 * `code` is the documented error code without its service prefix, for instance `INPUT_INVALID.Device.Kind.Invalid`
 * (pages "Synchronous Error Messages" and "Callback Error Messages"). How it is written on the wire depends on the
 * dialect of the endpoint: see `http/refusal-answer.ts`.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.status = status;
  }
}
