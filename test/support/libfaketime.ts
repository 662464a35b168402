import { existsSync, globSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const PLACES = ['/usr/lib/*/faketime/libfaketime.so.1', '/usr/lib/faketime/libfaketime.so.1', '/usr/local/lib/faketime/libfaketime.so.1'];

/** Why the clock cannot be moved on this machine; null when it can. */
export function whyNoFaketime(): string | null {
  return library() === undefined ? 'libfaketime is not installed (apt-get install libfaketime)' : null;
}

function library(): string | undefined {
  return globSync(PLACES)[0];
}

/**
 * A wall clock that can be set while a process runs; its monotonic clock goes on undisturbed, as when a machine's clock is
 * corrected. A process sees a change within a second.
 */
export class FakeClock {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.set(0);
  }

  /** @param seconds how far ahead of the true time it is; negative: behind. */
  set(seconds: number): void {
    // Replaced in one step, because half a file holds no time.
    writeFileSync(`${this.#file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** The environment of a process that goes by this clock. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: library() ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Takes away what the library leaves behind of processes that were killed. */
  tidyUp(): void {
    for (const name of readdirSync('/dev/shm')) {
      const owner = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1];
      if (owner !== undefined && !existsSync(`/proc/${owner}`)) rmSync(`/dev/shm/${name}`, { force: true });
    }
  }
}
