import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { tempFolder } from './temp-folder.ts';

export interface UnreadPipe extends AsyncDisposable {
  /** For the process that writes. */
  readonly writeEnd: number;
  /** Writes until no byte more has room. */
  fill(): void;
  /** What is in the pipe now, taken out. */
  read(): string;
  /** The reader dies. */
  closeReader(): void;
}

/** A real pipe (Node's own child processes get sockets), which nobody reads unless the test does. */
export async function unreadPipe(): Promise<UnreadPipe> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/pipe`;
  const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  let readEnd: number | null = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  // Whoever shares the write end would share that it does not wait.
  const fillEnd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const closeReader = () => {
    if (readEnd !== null) closeSync(readEnd);
    readEnd = null;
  };
  undo.defer(() => {
    closeReader();
    closeSync(writeEnd);
    closeSync(fillEnd);
  });
  const built = undo.move();
  return {
    writeEnd,
    closeReader,
    fill() {
      for (const size of [4_096, 1]) untilEagain(() => writeSync(fillEnd, 'x'.repeat(size)));
    },
    read() {
      const chunks: Buffer[] = [];
      untilEagain(() => {
        const chunk = Buffer.alloc(65_536);
        const size = readEnd === null ? 0 : readSync(readEnd, chunk);
        chunks.push(chunk.subarray(0, size));
        return size;
      });
      return Buffer.concat(chunks).toString();
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

function untilEagain(work: () => number): void {
  try {
    while (work() > 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
  }
}
