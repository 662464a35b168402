import { parseCallback, type CallbackMessage } from '../thingspace/wire/callback.ts';
import { isEvidenceService, parseEvidence } from '../thingspace/wire/evidence.ts';

/** Reads a stored message: a callback, or an answer of the carrier. Null when it is no message of the service. Throws for what is no JSON. */
export function readMessage(service: string, json: string): CallbackMessage | null {
  const raw: unknown = JSON.parse(json);
  return isEvidenceService(service) ? parseEvidence(raw) : parseCallback(service, raw);
}

/** Null for a row without a message, and for a message that cannot be read. */
export function readMessageIfReadable(service: string | null, json: string | null): CallbackMessage | null {
  if (service === null || json === null) return null;
  try {
    return readMessage(service, json);
  } catch {
    return null;
  }
}
