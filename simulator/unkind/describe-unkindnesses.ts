import { type Unkindness, unkindnesses } from './unkindnesses.ts';

/** A table of all unkindnesses for a terminal, in two parts. */
export function describeUnkindnesses(): string {
  const linesAbout = (about: Unkindness['about']) =>
    unkindnesses
      .filter((each) => each.about === about)
      .map(({ suffix, name, description }) => `  ${suffix}  ${name.padEnd(22)} ${description}`);
  return [
    'What becomes of a device, and what is said of it:',
    ...linesAbout('device'),
    '',
    'How it is written:',
    ...linesAbout('wire'),
  ].join('\n');
}
