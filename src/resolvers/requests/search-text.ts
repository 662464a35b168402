import type { RequestSearch } from '../../datasources/request-log/request-reads.ts';
import { DEVICE_IDENTIFIER_KINDS, type DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { formOfKind, identifierKey, keysOfText, readIdentifier } from '../../datasources/thingspace/wire/same-identifier.ts';
import { GatewayError } from '../../errors.ts';
import { readRequestId } from './find-request.ts';

const MAX_LENGTH = 255;

/** A text from a search box, with everything that it may mean. */
export interface SearchText {
  readonly means: RequestSearch;
  /** Why nothing can be found, when nothing is found. Null when the text may be right all the same. */
  readonly doubt: string | null;
}

/**
 * Reads a text whose kind nobody said: an identifier by its length and digits, our id or the carrier's, or the beginning of a
 * `clientReference`.
 *
 * @returns null for a blank text, which means everything
 * @throws GatewayError BAD_USER_INPUT
 */
export function readSearch(text: string): SearchText | null {
  const asked = text.trim().normalize();
  if (asked === '') return null;
  if (asked.length > MAX_LENGTH) throw new GatewayError('BAD_USER_INPUT', `\`search\` may have ${MAX_LENGTH} characters.`);
  const deviceKeys = keysOfText(asked);
  const requestId = readRequestId(asked);
  return {
    means: { deviceKeys, requestId: requestId ?? '', carrierRequestId: asked, clientReference: asked },
    doubt: deviceKeys.length > 0 || requestId !== null ? null : doubtOf(asked),
  };
}

/**
 * The key of an identifier whose kind is known.
 *
 * @throws GatewayError BAD_USER_INPUT when it does not have the form of its kind
 */
export function readDeviceKey(kind: DeviceIdentifierKind, value: string): string {
  if (readIdentifier(kind, value) === null)
    throw new GatewayError('BAD_USER_INPUT', `No device has this ${kind}: it must have ${formOfKind(kind)} and nothing else.`);
  return identifierKey(kind, value, kind);
}

const FORMS = `An identifier has one of these forms: ${DEVICE_IDENTIFIER_KINDS.map((kind) => `${kind} ${formOfKind(kind)}`).join('; ')}.`;

function doubtOf(text: string): string | null {
  if (/^req_/i.test(text)) return 'The id of a request is `req_` and 26 letters and digits. Nothing else begins with this text.';
  return /^\+?[\d\s./()-]+[Ff]?$/.test(text)
    ? `\`search\` has the digits of no identifier, and no \`clientReference\` begins with it. ${FORMS}`
    : null;
}
