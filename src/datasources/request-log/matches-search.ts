import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';

/** What people write between the digits of a number, or paste around it. */
const BETWEEN = /[\s().+:-]/g;

/** Whether one of the identifiers contains the text, without regard to case, blanks and dashes. An empty text matches nothing. */
export function matchesSearch(identifiers: readonly DeviceIdentifier[], text: string): boolean {
  const wanted = text.replaceAll(BETWEEN, '').toUpperCase();
  return wanted !== '' && identifiers.some(({ id }) => id.toUpperCase().includes(wanted));
}
