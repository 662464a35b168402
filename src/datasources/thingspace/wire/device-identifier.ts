import * as z from 'zod';

/** The identifier kinds the carrier documents, in its own generic list plus IMSI and MIN, which only callbacks carry. */
export const DEVICE_IDENTIFIER_KINDS = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN', 'IMSI', 'MIN'] as const;
export type DeviceIdentifierKind = (typeof DEVICE_IDENTIFIER_KINDS)[number];

export interface DeviceIdentifier {
  /** Null for a kind we do not know; `reportedKind` then says what the carrier wrote. */
  readonly kind: DeviceIdentifierKind | null;
  readonly id: string;
  /** The carrier's spelling, for example `iccId` or `Imei`: it is not consistent between its services. */
  readonly reportedKind: string;
}

const KIND_BY_SPELLING = new Map<string, DeviceIdentifierKind>(DEVICE_IDENTIFIER_KINDS.map((kind) => [kind.toLowerCase(), kind]));

/** Reads any casing of a kind (`iccId`, `Iccid`, `ICCID`); null for a kind that is not in the list. */
export function parseIdentifierKind(spelling: string): DeviceIdentifierKind | null {
  return KIND_BY_SPELLING.get(spelling) ?? KIND_BY_SPELLING.get(spelling.trim().toLowerCase()) ?? null;
}

/**
 * The key under which two spellings of one identifier are equal: an IMEI by its first 14 digits (the 15th is a check
 * digit, a 16-digit one is an IMEISV), an MSISDN `1` + MDN as the MDN, a MEID without regard to case.
 */
export function identifierKey(kind: DeviceIdentifierKind | null, id: string, reportedKind: string): string {
  switch (kind) {
    case 'IMEI':
      return `IMEI:${id.length >= 14 && id.length <= 16 ? id.slice(0, 14) : id}`;
    case 'MSISDN':
    case 'MDN':
      return `MDN:${id.length === 11 && id.charCodeAt(0) === 49 ? id.slice(1) : id}`;
    case 'MEID':
      return `MEID:${id.toUpperCase()}`;
    case null:
      return `${reportedKind.toLowerCase()}:${id}`;
    default:
      return `${kind}:${id}`;
  }
}

export function keyOf(identifier: DeviceIdentifier): string {
  return identifierKey(identifier.kind, identifier.id, identifier.reportedKind);
}

const text = z.union([z.string(), z.number().transform(String)]);

const jsonIdentifier = z
  .object({ id: text, kind: text })
  .transform(({ id, kind }): DeviceIdentifier => ({ kind: parseIdentifierKind(kind), id: id.trim(), reportedKind: kind }));

const legacyIdentifier = z
  .object({ Identifier: text, Kind: text })
  .transform(({ Identifier, Kind }): DeviceIdentifier => ({ kind: parseIdentifierKind(Kind), id: Identifier.trim(), reportedKind: Kind }));

const oneIdentifier = z.union([jsonIdentifier, legacyIdentifier]);

/**
 * Identifiers read of one list: a callback speaks of one device, which has nine kinds. With 28,000 in a message of 1 MiB,
 * tying it to a device held the process up for a minute.
 */
const READ_AT_MOST = 100;

/**
 * An array of `{id, kind}`, or one such object alone (the carrier sends both), or nothing. An entry that is neither, or whose
 * id is empty, and what comes after the first hundred, is left out here; it stays in the stored message.
 */
export const deviceIdentifiers = z
  .unknown()
  .optional()
  .transform((value): DeviceIdentifier[] => {
    if (value === undefined || value === null) return [];
    const entries: unknown[] = Array.isArray(value) ? value : [value];
    const found: DeviceIdentifier[] = [];
    for (const entry of entries.slice(0, READ_AT_MOST)) {
      const parsed = oneIdentifier.safeParse(entry);
      // An empty value identifies nothing: it must neither match nor speak against another device's empty one.
      if (parsed.success && parsed.data.id !== '') found.push(parsed.data);
    }
    return found;
  });
