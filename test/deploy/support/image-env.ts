import { lastStage, textsOf } from './dockerfile.ts';

/** What the image sets by itself. */
export const IMAGE_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  textsOf(lastStage(), 'ENV').flatMap((text) => text.split(/\s+/).map((pair) => pair.split('=') as [string, string])),
);
