import type { Answer, Dialect } from './http/route.ts';

/**
 * A request that the carrier refuses at once.
 *
 * `code` is the documented error code without the prefix of its service, for instance `INPUT_INVALID.Device.Kind.Invalid`
 * (pages "Synchronous Error Messages" and "Callback Error Messages").
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

  /**
   * The refusal on the wire: `{ errorCode, errorMessage }`. The pages of the profile operations call `errorCode` "the 3-digit
   * HTML error code". All other endpoints write the code behind the prefix of the service.
   */
  toAnswer(dialect: Dialect): Answer {
    const errorCode = dialect === 'status-code' ? String(this.status) : `UnifiedWebService.${this.code}`;
    return { status: this.status, body: { errorCode, errorMessage: this.message } };
  }
}
