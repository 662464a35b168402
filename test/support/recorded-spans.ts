import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface RecordedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message?: string };
  readonly thread: 'main' | 'worker';
  readonly beganMs: number;
  readonly endedMs: number;
  /** Whatever else a span can carry. */
  readonly rest: readonly unknown[];
}

const SDK = fileURLToPath(new URL('./record-spans.ts', import.meta.url));

/** What makes a gateway process write its spans into a file. `isHeld`: only when they are flushed. */
export function recordSpansIn(file: string, { isHeld = false } = {}): Record<string, string> {
  return { NODE_OPTIONS: `--import ${SDK}`, TEST_SPANS_FILE: file, TEST_SPANS_HELD: isHeld ? 'on' : 'off' };
}

export async function readSpans(file: string): Promise<readonly RecordedSpan[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RecordedSpan);
}
