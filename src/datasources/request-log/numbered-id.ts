/**
 * Rows that the store only numbers have global ids of their kind and number: dead letters `dead_12`, unclaimed callbacks `unc_12`,
 * audit entries `aud_12`. The store gives no number twice.
 */
export type NumberedKind = 'dead' | 'unc' | 'aud';

/** The number in an id; null for an id of another kind or form. */
export function numberIn(kind: NumberedKind, id: string): number | null {
  const digits = /^([a-z]+)_(0|[1-9]\d{0,14})$/.exec(id);
  return digits?.[1] === kind ? Number(digits[2]) : null;
}
