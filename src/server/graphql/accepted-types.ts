import Negotiator from 'negotiator';

export const EVENT_STREAM = 'text/event-stream';

/** What the GraphQL door answers with, in the order it chooses where the client leaves the choice. */
const OFFERED = ['application/json', 'application/graphql-response+json', EVENT_STREAM].map((type) => `${type}; charset=utf-8`);

/** Browsers send 200. A whole header of ranges, 16 KiB, would take 12 ms, and a stranger may send it. */
const MAX_CHARACTERS = 1_000;

/** The media types of ours that an `Accept` header takes, most wanted first; none when it takes none of them. */
export function acceptedTypes(header: string | undefined): readonly string[] {
  const accept = header?.trim() ? header.slice(0, MAX_CHARACTERS) : '*/*';
  return new Negotiator({ headers: { accept } }).mediaTypes(OFFERED).map((type) => type.replace('; charset=utf-8', ''));
}
