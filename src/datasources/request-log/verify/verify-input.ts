import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey } from '../../thingspace/wire/same-identifier.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { isJson } from './verify-faults.ts';
import type { RequestRow } from './verify-rows.ts';

/** The input has as many devices as the Request says, and the index has all their identifiers. */
export function isInput(
  { total, indexedSeq }: RequestRow,
  { devices, settings }: { devices: string | null; settings: string },
  isIndexed: (key: string) => boolean,
): boolean {
  if (!isJson(settings) || (devices !== null && !isJson(devices))) return false;
  if (devices === null) return total === null;
  const named = JSON.parse(devices) as RequestedDevice[];
  if (!Array.isArray(named) || named.length !== total) return false;
  if (indexedSeq < 0) return true;
  return named.every(({ deviceIds }) => deviceIds?.every(({ kind, id }) => isIndexed(identifierKey(parseIdentifierKind(kind), id, kind))));
}
