import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import { fits, keyOf, keysOfText } from '../thingspace/wire/same-identifier.ts';

/** What people write between the digits of a number, or paste around it. */
const BETWEEN = /[\s().+:-]/g;

/**
 * Reads a text that is to find devices: a whole identifier in any spelling, whose kind nobody said, or a part of one. A part counts
 * without regard to case, blanks and dashes. An empty text finds nothing.
 *
 * @returns tells whether a device with these identifiers is meant
 */
export function readDeviceSearch(text: string): (identifiers: readonly DeviceIdentifier[]) => boolean {
  const part = text.replaceAll(BETWEEN, '').toUpperCase();
  const wanted = keysOfText(text);
  return (identifiers) => {
    if (part === '') return false;
    const keys = identifiers.map(keyOf);
    return identifiers.some(({ id }) => id.toUpperCase().includes(part)) || wanted.some((key) => fits(keys, key));
  };
}
