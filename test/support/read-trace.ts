import { readFileSync } from 'node:fs';
import { until } from './until.ts';

/** One system call of a trace that strace has written with `-f -y` or `-yy`. */
export interface TracedCall {
  readonly name: string;
  /** What its first argument, a descriptor, stands for: the file's path, or the socket's addresses. */
  readonly target: string;
  /** Everything between the parentheses. */
  readonly args: string;
  /** What it gave back; null when the process ended inside it. */
  readonly result: number | null;
  /** Lines of the trace on which it began and ended. They order the calls of several threads. */
  readonly began: number;
  readonly ended: number;
}

const WHOLE = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/s;
const UNFINISHED = /^(\d+) +(\w+)\((.*?) *<unfinished \.\.\.>$/s;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/s;
/** The process was killed at the entry: strace knows the arguments and no result. */
const CUT = /^(\d+) +(\w+)\((.*)\) += \?/s;
/** Paths and addresses have no `>` but that of `->`. */
const TARGET = /^\d+<((?:->|[^>])*)>/;

/** Resolves when the trace of this process is written to its end: a tracer ends after what it traces. */
export async function traceEnd(file: string, pid: number): Promise<void> {
  const end = new RegExp(`^${pid} +\\+\\+\\+ `, 'm');
  await until(() => end.test(readFileSync(file, 'latin1')));
}

/** The calls of a trace, in the order in which they ended; those that never did come last. */
export function readTrace(file: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const open = new Map<string, { readonly name: string; readonly args: string; readonly began: number }>();
  const lines = readFileSync(file, 'latin1').split('\n');
  for (const [at, line] of lines.entries()) {
    const whole = WHOLE.exec(line);
    if (whole) {
      calls.push(call(whole[2], whole[3], Number(whole[4]), at, at));
      continue;
    }
    const unfinished = UNFINISHED.exec(line) ?? CUT.exec(line);
    if (unfinished) {
      open.set(unfinished[1] ?? '', { name: unfinished[2] ?? '', args: unfinished[3] ?? '', began: at });
      continue;
    }
    const resumed = RESUMED.exec(line);
    const begun = resumed && open.get(resumed[1] ?? '');
    if (!resumed || !begun) continue;
    open.delete(resumed[1] ?? '');
    calls.push(call(begun.name, begun.args + (resumed[3] ?? ''), Number(resumed[4]), begun.began, at));
  }
  for (const { name, args, began } of open.values()) calls.push(call(name, args, null, began, Number.POSITIVE_INFINITY));
  return calls;
}

function call(name = '', args = '', result: number | null, began: number, ended: number): TracedCall {
  return { name, args, target: TARGET.exec(args)?.[1] ?? '', result, began, ended };
}
