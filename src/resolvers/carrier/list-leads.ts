import type { LeadPage } from '../../datasources/thingspace/account-reads.ts';
import type { Page } from '../../datasources/request-log/stored-request.ts';
import type { Lead } from '../../datasources/thingspace/wire/leads.ts';
import { GatewayError } from '../../errors.ts';

export interface PlacedLead extends Lead {
  /** Its place in the carrier's list: the word for its page, and its index there. */
  readonly position: string;
}

/** Pages of the carrier that one question may take. */
const MAX_PAGES = 5;
/** A cursor has 200 characters. */
const LONGEST_WORD = 128;

/**
 * Reads the leads behind a position. The carrier's pages have a size of their own, and its word for the next page is opaque. So a
 * position names the page that it is on, and that page is read again.
 */
export async function readLeads(
  read: (next: string | null) => Promise<LeadPage>,
  after: string | null,
  limit: number,
): Promise<Page<PlacedLead>> {
  const rows: PlacedLead[] = [];
  let { word, shown } = parsePosition(after);
  for (let pages = 1; ; pages++) {
    const page = await read(word);
    const placed = page.leads.map((lead, index) => ({ ...lead, position: `${encodeWord(word)}_${index}` }));
    rows.push(...placed.slice(shown));
    if (rows.length > limit) return { rows: rows.slice(0, limit), hasMore: true };
    if (page.next === null) return { rows, hasMore: false };
    if (page.next.length > LONGEST_WORD) throw TOO_LONG;
    if (rows.length === limit) return { rows, hasMore: true };
    if (pages === MAX_PAGES) {
      if (rows.length === 0) throw TOO_EMPTY;
      return { rows, hasMore: true };
    }
    word = page.next;
    shown = 0;
  }
}

function parsePosition(position: string | null): { word: string | null; shown: number } {
  if (position === null) return { word: null, shown: 0 };
  const at = position.lastIndexOf('_');
  return { word: decodeWord(position.slice(0, at)), shown: Number(position.slice(at + 1)) + 1 };
}

/** A position has letters, digits and `_` only. */
function encodeWord(word: string | null): string {
  const text = word === null ? '' : Buffer.from(word).toString('base64url');
  return text.replaceAll('_', '_0').replaceAll('-', '_1');
}

function decodeWord(text: string): string | null {
  if (text === '') return null;
  return Buffer.from(text.replaceAll('_1', '-').replaceAll('_0', '_'), 'base64url').toString();
}

const TOO_LONG = new GatewayError('CARRIER_REFUSED', 'ThingSpace has more leads, but its word for the next page is too long to ask with.');
const TOO_EMPTY = new GatewayError(
  'CARRIER_REFUSED',
  'ThingSpace answers with one empty page of leads after the other. No more are asked for.',
);
