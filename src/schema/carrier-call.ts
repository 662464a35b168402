/**
 * What one call to the carrier counts in the cost of an operation, in objects. A field that takes a call for each object it stands on
 * has it (`extensions: ASKS_CARRIER`), so that an operation cannot ask for more calls than callers have in a minute. An entry point
 * takes one call for each time it stands in the document, and has none.
 */
export const CARRIER_CALL_COST = 1_000;

/** The end of a description. A field that asks the carrier is nullable, so that one failure does not empty the whole answer. */
export const FAILS_ALONE = 'Null, with an error beside it, when the carrier does not answer.';

export const ASKS_CARRIER = { asksCarrier: true } as const;

export function asksCarrier({ extensions }: { readonly extensions: Readonly<Record<string | symbol, unknown>> }): boolean {
  return extensions['asksCarrier'] === true;
}
