import Negotiator from 'negotiator';

export const EVENT_STREAM = 'text/event-stream';

/** The media types of our answers. If the client has no preference, the first one is taken. */
const OFFERED = ['application/json', 'application/graphql-response+json', EVENT_STREAM].map((type) => `${type}; charset=utf-8`);

/** Browsers send 200 characters. A stranger may send 16 KiB of ranges, which would take 12 ms. */
const MAX_CHARACTERS = 1_000;

export function acceptedTypes(header: string | undefined): readonly string[] {
  const accept = header?.trim() ? header.slice(0, MAX_CHARACTERS) : '*/*';
  return new Negotiator({ headers: { accept } }).mediaTypes(OFFERED).map((type) => type.replace('; charset=utf-8', ''));
}
