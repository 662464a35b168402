import type { Identifier, IdentifierKind } from '../devices/identifiers.ts';
import type { SpelledIdentifier } from './callback-message.ts';

export type SpellKind = (kind: IdentifierKind) => string;

const upper: SpellKind = (kind) => kind.toUpperCase();
const lower: SpellKind = (kind) => kind;
const capital: SpellKind = (kind) => kind.charAt(0).toUpperCase() + kind.slice(1);
const lowerWithIccId: SpellKind = (kind) => (kind === 'iccid' ? 'iccId' : kind);
const capitalButNumbers: SpellKind = (kind) => (kind === 'msisdn' || kind === 'mdn' ? kind : capital(kind));

/**
 * The ways in which the carrier writes the kind of an identifier. It is not consistent. Each message has two of them:
 * `documented`, as in the sample of its page, and `field`, as the pages or the live carrier write the same thing elsewhere. A
 * listener that compares exactly fails on one of the two.
 */
export const spellings = { upper, lower, capital, lowerWithIccId, capitalButNumbers };

/** Identifiers as a callback writes them. */
export function spell(identifiers: readonly Identifier[], spellKind: SpellKind): SpelledIdentifier[] {
  return identifiers.map(({ id, kind }) => ({ id, kind: spellKind(kind) }));
}
