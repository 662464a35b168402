import type { ChangePlace } from '../../datasources/request-log/changed-requests.ts';
import { GatewayError } from '../../errors.ts';
import { fingerprint } from '../../lib/fingerprint.ts';
import { REQUEST_ID } from './find-request.ts';

const NUMBER = /^\d{1,15}$/;

/** Everything that can be read on behind a cursor, by its field in the graph, and the form of a position in it. */
const LISTS: ReadonlyMap<string, RegExp> = new Map([
  ['requestStatus', NUMBER],
  ['requestsChanged', /^\d{1,15}(?:_[0-9A-HJKMNP-TV-Z]{26})?$/],
  ['Request.outcomes', NUMBER],
  ['Request.retries', REQUEST_ID],
  ['requests', REQUEST_ID],
  ['unclaimedCallbacks', /^unc_\d{1,15}$/],
  ['deadLetters', /^dead_\d{1,15}$/],
  ['auditLog', /^aud_\d{1,15}$/],
  // Of the carrier's lists: its number of a device, and its word for a page with a place on that page.
  ['devices', /^\d{1,40}$/],
  ['leads', /^\w{0,170}_\d{1,6}$/],
]);

/**
 * Writes a cursor: `<position>.<place>.<store epoch>`. It is opaque to clients.
 *
 * @param place the id of a request for its log, `<id>/outcomes` for a list of a request, or the name of a list: `requests`,
 *   `requestsChanged/<account>`.
 */
export function cursorAt(place: string, position: number | string, epoch: string): string {
  return `${position}.${place}.${epoch}`;
}

/**
 * Reads a cursor: the position after which to read on.
 *
 * @throws GatewayError CURSOR_INVALID when it is not a cursor of this place; CURSOR_EXPIRED when the store was restored since, so
 *   that positions may mean other rows now.
 */
export function readCursor(cursor: string, place: string, epoch: string): string {
  const [, position = '', itsPlace = '', itsEpoch] = /^(\w+)\.([\w/]+)\.([0-9a-f]{8})$/.exec(cursor) ?? [];
  const list = listAt(place);
  const itsList = listAt(itsPlace);
  if (!LISTS.get(itsList)?.test(position)) throw invalidCursorError(whyUnknown(cursor, list));
  if (itsList !== list)
    throw invalidCursorError(`It is a cursor of \`${itsList}\`, and this is \`${list}\`. Pass a cursor of the same list.`);
  if (itsPlace !== place)
    throw invalidCursorError(
      list === 'requestsChanged'
        ? 'It belongs to another account. Pass a cursor of this account.'
        : 'It belongs to another request. Pass a cursor of this request.',
    );
  if (itsEpoch !== epoch)
    throw new GatewayError(
      'CURSOR_EXPIRED',
      'The gateway’s store was restored after this cursor was made. Leave out `after`, to read from the beginning.',
    );
  return position;
}

/**
 * The same for the log of a request.
 *
 * @throws GatewayError CURSOR_INVALID, CURSOR_EXPIRED
 */
export function parseCursor(cursor: string, request: { readonly id: string; readonly lastSeq: number }, epoch: string): number {
  const seq = Number(readCursor(cursor, request.id, epoch));
  if (seq > request.lastSeq) throw invalidCursorError('It lies after the end of the request’s log.');
  return seq;
}

/** Writes a cursor of what changes in an account. */
export function changesCursor(account: string, { changedAt, id }: ChangePlace, epoch: string): string {
  return cursorAt(placeOfChanges(account), id === null ? changedAt : `${changedAt}_${id.slice('req_'.length)}`, epoch);
}

/** @throws GatewayError CURSOR_INVALID, CURSOR_EXPIRED */
export function readChangesCursor(cursor: string, account: string, epoch: string): ChangePlace {
  const [changedAt, ulid] = readCursor(cursor, placeOfChanges(account), epoch).split('_');
  return { changedAt: Number(changedAt), id: ulid === undefined ? null : `req_${ulid}` };
}

/** An account may have any name, so that a cursor has its digest. */
function placeOfChanges(account: string): string {
  return `requestsChanged/${fingerprint(Buffer.from(account))}`;
}

function listAt(place: string): string {
  const [first = '', part] = place.split('/');
  return REQUEST_ID.test(first) ? (part === undefined ? 'requestStatus' : `Request.${part}`) : first;
}

function whyUnknown(cursor: string, list: string): string {
  if (cursor === 'LATEST') return `\`LATEST\` is for \`requestStatus\`, and this is \`${list}\`.`;
  if (NUMBER.test(cursor) || REQUEST_ID.test(cursor))
    return 'Cursors of pages have another form since the last version. Leave out `after`, to read from the beginning.';
  return 'It is not a cursor of this gateway. Pass one that it gave you (`cursor`, `endCursor`), unchanged.';
}

function invalidCursorError(why: string): GatewayError {
  return new GatewayError('CURSOR_INVALID', `The cursor cannot be used. ${why}`);
}
