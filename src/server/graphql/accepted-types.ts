import Negotiator from 'negotiator';
import { nameUtf8 } from './charset.ts';

export const EVENT_STREAM = 'text/event-stream';

/** The media types of our answers. If the client has no preference, the first one is taken. */
const OFFERED = ['application/json', 'application/graphql-response+json', EVENT_STREAM].map((type) => `${type}; charset=utf-8`);

/** Browsers send 200 characters. A stranger may send 16 KiB of ranges, which would take 12 ms. */
const MAX_CHARACTERS = 1_000;

export function acceptedTypes(header: string | undefined): readonly string[] {
  const accept = header?.trim() ? nameUtf8(header.slice(0, MAX_CHARACTERS)) : '*/*';
  return new Negotiator({ headers: { accept } }).mediaTypes(OFFERED).map((type) => type.replace('; charset=utf-8', ''));
}

/** Whether the client would rather have an answer compressed with gzip than plain. */
export function prefersGzip(header: string | undefined): boolean {
  return new Negotiator({ headers: { 'accept-encoding': header?.slice(0, MAX_CHARACTERS) } }).encoding(['gzip', 'identity']) === 'gzip';
}
