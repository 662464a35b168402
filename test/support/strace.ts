import { spawnSync } from 'node:child_process';

export interface Tracing {
  /** System calls to write down, separated by commas. */
  readonly calls: string;
  /** What to do to some of them, in strace's words: `fsync:signal=SIGKILL:when=3`. */
  readonly inject?: string | undefined;
  /** The file the trace goes to. */
  readonly into: string;
  /** Bytes of each buffer that are written down; 0 when left out. */
  readonly bytes?: number;
  /** Sockets with their addresses, not only files with their paths. */
  readonly addresses?: boolean;
  /** Environment of the traced process alone. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** What the store may sync a file with, whichever SQLite was built to use. */
export const SYNCS = 'fsync,fdatasync';

/**
 * The command that traces the one behind it, with all threads and children. The traced process is the child itself (`-DD`),
 * so that its exit is seen as it is, and a signal sent to it reaches it and not the tracer.
 */
export function underStrace({ calls, inject, into, bytes = 0, addresses = false, env = {} }: Tracing): string[] {
  // Stopping at the traced calls alone is much faster, but strace sends no signal then.
  const fast = inject?.includes('signal=') ? [] : ['--seccomp-bpf'];
  const command = ['strace', '-DD', '-f', ...fast, addresses ? '-yy' : '-y', '-s', String(bytes), '-o', into, '-e', `trace=${calls}`];
  if (inject !== undefined) command.push('-e', `inject=${inject}`);
  for (const [name, value] of Object.entries(env)) command.push('-E', `${name}=${value}`);
  return command;
}

/** Why nothing can be traced on this machine; null when it can. */
export function whyNoStrace(): string | null {
  const tried = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (tried.error) return 'strace is not installed (apt-get install strace)';
  return tried.status === 0 ? null : `strace may not trace here: ${tried.stderr.trim().split('\n')[0] ?? ''}`;
}

/** The same as a reason to skip a test. It is null in CI, where a missing strace fails the test. */
export function noStrace(): string | null {
  return process.env['CI'] === 'true' ? null : whyNoStrace();
}
