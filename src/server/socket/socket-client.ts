import type { IncomingMessage } from 'node:http';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { GatewayError } from '../../errors.ts';
import { currentCaller, type Identity } from '../../resolvers/access/caller.ts';
import { readAuthorization } from './connection-params.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';

/** The most bytes that are taken from a client before it has said who it is. */
const STRANGER_BYTES = 65_536;
/** The most frames of such a client. It needs only one, and each takes memory until its turn. */
const STRANGER_FRAMES = 100;
const TRY_AGAIN_LATER = 1013;

/**
 * The client of one socket. At first it is a stranger, and little is read from it. After `admit` it is a caller, for as long as its
 * token or key is valid. The code that closes its socket tells whether it may come back: 4401 not with this token or key, 4403 with
 * a new one, 1013 later.
 */
export class SocketClient {
  readonly request: IncomingMessage;
  readonly #authenticator: Pick<Authenticator, 'identify'>;
  readonly #socket: WebSocket;
  readonly #open: ConcurrencyLimit;
  readonly #know: (callerId: string) => boolean;
  #identity: Identity | null = null;
  #callerId: string | null = null;
  #bytes = 0;
  #frames = 0;

  constructor(
    authenticator: Pick<Authenticator, 'identify'>,
    open: ConcurrencyLimit,
    socket: WebSocket,
    request: IncomingMessage,
    know: (callerId: string) => boolean,
  ) {
    this.#authenticator = authenticator;
    this.#open = open;
    this.#know = know;
    this.#socket = socket;
    this.request = request;
    request.socket.on('data', this.#countBytes);
    socket.once('close', () => this.#leave());
  }

  get isStranger(): boolean {
    return this.#identity === null;
  }

  get callerId(): string | null {
    return this.#callerId;
  }

  get identity(): Identity {
    if (!this.#identity) throw new GatewayError('UNAUTHENTICATED', 'Say first who you are: send connection_init.');
    return this.#identity;
  }

  /**
   * Whether a frame that has come may be read. A stranger who sends too many frames is cut off, and one whose frame is too long.
   *
   * @param bytes the length of its message, which may be more than has come when it was compressed.
   */
  countFrame(bytes = 0): boolean {
    if (this.isStranger && (++this.#frames > STRANGER_FRAMES || bytes > STRANGER_BYTES)) this.#socket.terminate();
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Reads the key or token from `connectionParams`, where browsers put it, or from the header of the upgrade. */
  async admit(params: Readonly<Record<string, unknown>> | undefined): Promise<boolean> {
    const header = this.request.headersDistinct['authorization']?.join(', ');
    try {
      const identity = await this.#authenticator.identify(readAuthorization(params) ?? header ?? null);
      const { id } = currentCaller(identity);
      // The client may have left while the token was checked.
      if (this.#socket.readyState !== this.#socket.OPEN) return false;
      if (!this.#know(id) || !this.#open.acquire(id)) {
        this.#socket.close(TRY_AGAIN_LATER, 'Too many sockets of this caller');
        return false;
      }
      this.#callerId = id;
      this.#identity = identity;
      this.request.socket.off('data', this.#countBytes);
      identity.ended.addEventListener('abort', this.#closeEnded);
      return !identity.ended.aborted;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const [code, reason] = CLOSE_BY_REASON[String(error.details['reason'])] ?? [CloseCode.Unauthorized, closeReason(error)];
      this.#socket.close(code, reason);
      return false;
    }
  }

  readonly #countBytes = (chunk: Buffer): void => {
    this.#bytes += chunk.length;
    if (this.#bytes > STRANGER_BYTES) this.#socket.terminate();
  };

  readonly #closeEnded = (): void => this.#socket.close(CloseCode.Forbidden, 'The key was revoked, or the token has expired');

  #leave(): void {
    this.request.socket.off('data', this.#countBytes);
    this.#identity?.ended.removeEventListener('abort', this.#closeEnded);
    if (this.#callerId !== null) this.#open.release(this.#callerId);
  }
}

/** The fault, if it fits into a close frame. A browser shows its user nothing else. */
function closeReason({ message }: GatewayError): string {
  const reason = `Unauthorized: ${message}`;
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  return 'Unauthorized: connectionParams.authorization must be Bearer <API key or JWT>';
}

/** RFC 6455 §5.5 allows 125, and the code takes two of them. */
const MAX_REASON_BYTES = 123;

const CLOSE_BY_REASON: Readonly<Record<string, readonly [code: number, reason: string]>> = {
  EXPIRED: [CloseCode.Forbidden, 'The key or token has expired'],
  UNAVAILABLE: [TRY_AGAIN_LATER, 'Try again later'],
};
