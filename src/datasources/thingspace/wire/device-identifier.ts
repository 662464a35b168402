import * as z from 'zod';
import { fieldsOf, isFields } from './carrier-values.ts';

/** The identifier kinds that the carrier documents: those of its generic list, and IMSI and MIN, which only callbacks have. */
export const DEVICE_IDENTIFIER_KINDS = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN', 'IMSI', 'MIN'] as const;
export type DeviceIdentifierKind = (typeof DEVICE_IDENTIFIER_KINDS)[number];

export interface DeviceIdentifier {
  /** Null for a kind that we do not know. `reportedKind` has the carrier's word for it. */
  readonly kind: DeviceIdentifierKind | null;
  readonly id: string;
  /** The carrier's spelling, for example `iccId` or `Imei`. It differs between its services. */
  readonly reportedKind: string;
}

const KIND_BY_SPELLING = new Map<string, DeviceIdentifierKind>(DEVICE_IDENTIFIER_KINDS.map((kind) => [kind.toLowerCase(), kind]));

/** Reads any casing of a kind (`iccId`, `Iccid`, `ICCID`). Null for a kind that is not in the list. */
export function parseIdentifierKind(spelling: string): DeviceIdentifierKind | null {
  return KIND_BY_SPELLING.get(spelling) ?? KIND_BY_SPELLING.get(spelling.trim().toLowerCase()) ?? null;
}

const text = z.union([z.string(), z.number().transform(String)]);

/** The legacy form calls the value `Identifier`. */
const oneIdentifier = fieldsOf({ id: text.optional(), identifier: text.optional(), kind: text }).transform(({ id, identifier, kind }) =>
  makeIdentifier(kind, id ?? identifier ?? ''),
);

/** What `oneIdentifier` makes of the documented form, read without its schema: a callback has six of them. Null for other forms. */
function readUsual(entry: unknown): DeviceIdentifier | null {
  if (!isFields(entry) || !Object.hasOwn(entry, 'id') || !Object.hasOwn(entry, 'kind')) return null;
  const { id, kind } = entry;
  if (typeof id !== 'string' || typeof kind !== 'string') return null;
  return makeIdentifier(kind, id);
}

function makeIdentifier(reportedKind: string, id: string): DeviceIdentifier {
  return { kind: parseIdentifierKind(reportedKind), id: id.trim(), reportedKind };
}

/**
 * Identifiers that are read from one list. A callback is about one device, which has nine kinds. A message of 1 MiB with 28,000
 * identifiers held the process up for a minute while it was matched to a device.
 */
const MAX_IDENTIFIERS = 100;

/**
 * An array of `{id, kind}`, or one such object alone (the carrier sends both), or nothing. Left out here are entries of another
 * form, entries whose id is empty, and those after the first hundred. They stay in the stored message.
 */
export const deviceIdentifiers = z
  .unknown()
  .optional()
  .transform((value): DeviceIdentifier[] => {
    if (value === undefined || value === null) return [];
    const entries: unknown[] = Array.isArray(value) ? value : [value];
    const found: DeviceIdentifier[] = [];
    for (const entry of entries.slice(0, MAX_IDENTIFIERS)) {
      const read = readUsual(entry) ?? oneIdentifier.safeParse(entry).data;
      // An empty value identifies nothing. It must neither match nor contradict the empty value of another device.
      if (read && read.id !== '') found.push(read);
    }
    return found;
  });
