import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, matchesGlob } from 'node:path';
import { ROOT, readFile } from './deploy-files.ts';

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly base: string;
  /** The name that other stages call it by. */
  readonly as: string | null;
  readonly instructions: readonly Instruction[];
}

/** The stages of deploy/Dockerfile. Of the form, it knows what that file uses. */
export function readStages(): readonly Stage[] {
  const lines = readFile('deploy/Dockerfile')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const from = name === 'FROM' ? /^(\S+)(?: AS (\S+))?$/.exec(text) : null;
    if (from) stages.push({ base: from[1] ?? '', as: from[2] ?? null, instructions: [] });
    else if (stages.length > 0) stages.at(-1)?.instructions.push({ name, text });
    else if (name !== 'ARG') throw new Error(`This is before the first stage, or is not read: ${line}`);
  }
  return stages;
}

export const textsOf = (stage: Stage, name: string): string[] =>
  stage.instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);

/** The stage that becomes the image. */
export function lastStage(): Stage {
  const stage = readStages().at(-1);
  if (!stage) throw new Error('The Dockerfile has no stage.');
  return stage;
}

export interface Copy {
  /** The stage it copies from; null is the build context. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export function readCopy(text: string): Copy {
  const words = text.split(/\s+/);
  const from = words[0]?.startsWith('--from=') ? (words.shift()?.slice('--from='.length) ?? null) : null;
  return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
}

/** Whether .dockerignore lets this file of the project into the build context. Its first rule keeps all out; `!` lets in; two stars are any folder. */
export function isInContext(file: string): boolean {
  const rules = readFile('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const hit = rules.findLast((rule) => {
    const pattern = withoutDots(rule.replace(/^!/, ''));
    return matchesGlob(withoutDots(file), pattern) || matchesGlob(withoutDots(file), `${pattern}/**`);
  });
  return hit?.startsWith('!') ?? true;
}

/** To Node's globs a name that begins with a dot is hidden, to a builder it is not. */
const withoutDots = (path: string): string => path.replaceAll(/(^|\/)\./g, '$1dot-');

/** Does a COPY from the build context as a builder would. A folder gives what is in it; a file keeps its name in a target that ends with a slash. */
export function copyFromContext({ sources, target }: Copy, folder: string): void {
  for (const source of sources) {
    const from = join(ROOT, source);
    if (!existsSync(from)) throw new Error(`COPY ${source}: it is not there.`);
    const to = target.endsWith('/') ? join(folder, target, source) : join(folder, target);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, filter: (path) => path === from || isInContext(path.slice(ROOT.length + 1)) });
  }
}
