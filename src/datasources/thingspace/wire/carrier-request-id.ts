const GUID = /^[{(]?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})[)}]?$/;

/**
 * The one spelling of a request id of the carrier. A GUID is one in any letter case, in braces or parentheses, and with blanks around
 * it. An id of another form stays as it is.
 */
export function cleanRequestId(id: string): string {
  return GUID.exec(id.trim())?.[1]?.toLowerCase() ?? id;
}

/** The id in its one spelling when it is a GUID, as all of the carrier's own are; null for any other text. */
export function guidOf(id: string): string | null {
  const clean = cleanRequestId(id);
  return GUID.test(clean) ? clean : null;
}

/** The spellings under which the store may have an id, the clean one first. Versions before this one stored it as it came. */
export function requestIdSpellings(id: string): string[] {
  const clean = cleanRequestId(id);
  if (!GUID.test(clean)) return [id];
  const upper = clean.toUpperCase();
  return [clean, upper, `{${clean}}`, `{${upper}}`];
}
