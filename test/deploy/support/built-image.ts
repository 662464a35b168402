import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spawnEnv } from '../../support/spawn-env.ts';
import { ROOT } from './deploy-files.ts';
import { copyFromContext, lastStage, readCopy, readStages, textsOf, type Stage } from './dockerfile.ts';

/** The user of the image, where this process may become another user, and that one may run this Node. */
const USER =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', ''], { uid: 1000, gid: 1000 }).status === 0
    ? { uid: 1000, gid: 1000 }
    : {};

/** What deploy/Dockerfile says, done in folders instead of by a container engine. */
export class BuiltImage {
  /** What is `/` in the image. */
  readonly root: string;

  constructor(folder: string) {
    // The other user must come in.
    chmodSync(folder, 0o755);
    const stages = readStages();
    const roots = stages.map((stage, at) => join(folder, stage.as ?? `stage-${at}`));
    for (const [at, stage] of stages.entries()) this.#build(stage, roots[at] ?? '', folder);
    this.root = roots.at(-1) ?? '';
  }

  #build(stage: Stage, root: string, folder: string): void {
    const app = join(root, 'app');
    mkdirSync(app, { recursive: true });
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    for (const { name, text } of stage.instructions) {
      if (name === 'RUN') run(text, root);
      if (name !== 'COPY') continue;
      const copy = readCopy(text);
      if (copy.from === null) copyFromContext(copy, app);
      else for (const source of copy.sources) cpSync(join(folder, copy.from, source), join(app, copy.target), { recursive: true });
    }
  }

  /** Starts a command in the image, as its user. */
  start(command: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    const [program = '', ...args] = command;
    const ours = program === 'node' ? [] : [join(this.root, 'usr/local/bin', program)];
    return spawn(process.execPath, [...ours, ...args], {
      cwd: join(this.root, 'app'),
      env: { ...spawnEnv(env), NODE_COMPILE_CACHE: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...USER,
    });
  }
}

/** The command of the image, and that of its health check. */
export const COMMAND = JSON.parse(textsOf(lastStage(), 'CMD')[0] ?? '[]') as string[];
export const HEALTH_CHECK = JSON.parse(/ CMD (\[.*\])$/.exec(textsOf(lastStage(), 'HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];

function run(text: string, root: string): void {
  // All packages are here already, and are the same: CI has just installed them by this command.
  if (text === 'npm ci --ignore-scripts') return symlinkSync(join(ROOT, 'node_modules'), join(root, 'app/node_modules'));
  const owned = 'uid' in USER ? text : text.replaceAll(/ --(?:owner|group)=\d+/g, '');
  execFileSync('sh', ['-ec', owned.replaceAll(/ \/(?=data|app|usr)/g, ` ${root}/`)], {
    cwd: join(root, 'app'),
    env: { ...process.env, npm_config_prefer_offline: 'true' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
