/**
 * What one call to the carrier counts in the cost of an operation, in objects. A field that takes a call for each object it stands on
 * has it (`extensions: ASKS_CARRIER`), so that an operation cannot ask for more calls than callers have in a minute. An entry point
 * takes one call for each time it stands in the document, and has none.
 */
export const CARRIER_CALL_COST = 1_000;

export const ASKS_CARRIER = { asksCarrier: true } as const;

export function asksCarrier({ extensions }: { readonly extensions: Readonly<Record<string | symbol, unknown>> }): boolean {
  return extensions['asksCarrier'] === true;
}
