/**
 * A small count of a message, as a number or as its digits; null for anything else. What does not fit 31 bits is no count, and
 * neither a GraphQL Int nor an integer column would take it.
 */
export function readCount(value: unknown): number | null {
  const count = typeof value === 'number' ? value : typeof value === 'string' && /^\s*\d{1,10}\s*$/.test(value) ? Number(value) : NaN;
  return Number.isInteger(count) && count >= 0 && count <= 0x7f_ff_ff_ff ? count : null;
}
