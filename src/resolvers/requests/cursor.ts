import { GatewayError } from '../../errors.ts';
import { REQUEST_ID } from './find-request.ts';

/** Writes a cursor, a position in one Request's log: `<position>.<request id>.<store epoch>`. Opaque to clients. */
export function cursorAt(requestId: string, seq: number, epoch: string): string {
  return `${seq}.${requestId}.${epoch}`;
}

/**
 * Reads a cursor: the position after which to read on.
 *
 * @throws GatewayError CURSOR_INVALID when it is not a cursor of this Request's log; CURSOR_EXPIRED when the store was restored
 *   since, so that positions may mean other rows now.
 */
export function parseCursor(cursor: string, request: { readonly id: string; readonly lastSeq: number }, epoch: string): number {
  const [, seq = '', requestId = '', cursorEpoch] = /^(\d{1,12})\.([^.]*)\.([0-9a-f]{8})$/.exec(cursor) ?? [];
  if (!REQUEST_ID.test(requestId))
    throw invalidCursorError('It is not a cursor of this gateway. Pass the `cursor` of the last event you have handled, unchanged.');
  if (requestId !== request.id) throw invalidCursorError('It belongs to another request. Pass a cursor of an event of this request.');
  if (cursorEpoch !== epoch) {
    throw new GatewayError(
      'CURSOR_EXPIRED',
      'The gateway’s store was restored after this cursor was made. Subscribe again without `after` to read from the beginning.',
    );
  }
  if (Number(seq) > request.lastSeq) throw invalidCursorError('It lies after the end of the request’s log.');
  return Number(seq);
}

function invalidCursorError(why: string): GatewayError {
  return new GatewayError('CURSOR_INVALID', `The cursor cannot be used. ${why}`);
}
