import type { Identifier, IdentifierKind } from '../devices/identifiers.ts';
import type { SpelledIdentifier } from './callback-message.ts';

type SpellKind = (kind: IdentifierKind) => string;

const upper: SpellKind = (kind) => kind.toUpperCase();
const lower: SpellKind = (kind) => kind;
const capital: SpellKind = (kind) => kind.charAt(0).toUpperCase() + kind.slice(1);
const lowerWithIccId: SpellKind = (kind) => (kind === 'iccid' ? 'iccId' : kind);
const capitalButNumbers: SpellKind = (kind) => (kind === 'msisdn' || kind === 'mdn' ? kind : capital(kind));

/** How the carrier writes kinds and words in each place of a callback: it is not consistent. */
export interface Spelling {
  readonly kinds: {
    /** CarrierService: `deviceIds` at the top of a success, in its `activateResponse`, and at the top of a fault. */
    readonly carrier: SpellKind;
    readonly carrierResult: SpellKind;
    readonly carrierFault: SpellKind;
    readonly nidd: SpellKind;
    readonly renew: SpellKind;
    readonly resume: SpellKind;
  };
  readonly carrierStatus: { readonly success: string; readonly failed: string; readonly pending: string };
  readonly profileStatus: { readonly success: string; readonly failed: string; readonly pending: string };
  readonly niddStatus: { readonly created: string; readonly failed: string };
  readonly activeState: string;
}

/**
 * `documented`: every place as the sample of its page has it. `field`: the other spelling that the pages or the live
 * carrier use for the same thing somewhere, so that a listener that compares exactly is found out.
 */
export const spellings: Readonly<Record<'documented' | 'field', Spelling>> = {
  documented: {
    kinds: {
      carrier: upper,
      carrierResult: lowerWithIccId,
      carrierFault: capital,
      nidd: upper,
      renew: lower,
      resume: capitalButNumbers,
    },
    carrierStatus: { success: 'Success', failed: 'Failed', pending: 'Pending' },
    profileStatus: { success: 'SUCCESS', failed: 'Failed', pending: 'PENDING' },
    niddStatus: { created: 'ConfigCreated', failed: 'ConfigFailed' },
    activeState: 'Active',
  },
  field: {
    kinds: {
      carrier: capital,
      carrierResult: lower,
      carrierFault: upper,
      nidd: capital,
      renew: capital,
      resume: lowerWithIccId,
    },
    carrierStatus: { success: 'SUCCESS', failed: 'Failure', pending: 'PENDING' },
    profileStatus: { success: 'Success', failed: 'FAILED', pending: 'Pending' },
    niddStatus: { created: 'ConfigCreated', failed: 'ConfigCreationFailed' },
    activeState: 'active',
  },
};

/** Identifiers as a callback writes them. */
export function spell(identifiers: readonly Identifier[], spellKind: SpellKind): SpelledIdentifier[] {
  return identifiers.map(({ id, kind }) => ({ id, kind: spellKind(kind) }));
}
