import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

/** One followed request, as it is drawn and summed up. */
export interface Finished {
  readonly mutation: string;
  readonly title: string;
  readonly id: string;
  status: string;
  progress: { readonly total: number; readonly settled: number; readonly succeeded: number; readonly failed: number } | null;
  /** How many devices failed with each message of the carrier. */
  readonly faults: Map<string, number>;
  events: number;
}

type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

const BAR = 30;

/** Live progress: a bar that is redrawn on a terminal, plain lines (a few for each request) elsewhere. */
export class ProgressView implements Disposable {
  readonly #out: WriteStream | NodeJS.WritableStream;
  readonly #live: boolean;
  #drawn: { readonly id: string; readonly tenth: number } = { id: '', tenth: -1 };

  constructor(out: WriteStream) {
    this.#out = out;
    this.#live = out.isTTY === true;
    if (this.#live) this.#out.write('\u001b[?25l');
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  draw(request: Finished): void {
    if (this.#live) {
      this.#out.write(`\r\u001b[2K${this.#bar(request)}`);
      return;
    }
    const { total, settled } = request.progress ?? { total: 0, settled: 0 };
    const tenth = total === 0 ? 0 : Math.floor((settled / total) * 10);
    if (this.#drawn.id === request.id && this.#drawn.tenth === tenth) return;
    this.#drawn = { id: request.id, tenth };
    this.line(this.#bar(request));
  }

  settle(request: Finished): void {
    if (this.#live) this.#out.write('\n');
    for (const [message, count] of request.faults) this.line(`    ${this.#paint('red', `${count} ×`)} ${message}`);
    this.line('');
  }

  summary(requests: readonly Finished[]): void {
    this.line(this.#paint('bold', 'Summary'));
    const rows = requests.map(({ mutation, status, progress, events, id }) => [
      mutation,
      status,
      `${progress?.succeeded ?? 0} of ${progress?.total ?? 0} succeeded`,
      `${events} events`,
      id,
    ]);
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    for (const row of rows) this.line(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
  }

  [Symbol.dispose](): void {
    if (this.#live) this.#out.write('\u001b[?25h');
  }

  #bar({ title, status, progress }: Finished): string {
    const { total, settled, succeeded, failed } = progress ?? { total: 0, settled: 0, succeeded: 0, failed: 0 };
    const full = total === 0 ? 0 : Math.round((settled / total) * BAR);
    const bar = `${this.#paint('green', '█'.repeat(full))}${this.#paint('dim', '░'.repeat(BAR - full))}`;
    const colour: Colour = status === 'SUCCEEDED' ? 'green' : status === 'FAILED' || status === 'REJECTED' ? 'red' : 'yellow';
    return `  ${title.padEnd(24)} ${bar} ${String(settled).padStart(String(total).length)}/${total}  ${this.#paint('green', `${succeeded} ok`)}  ${this.#paint(failed > 0 ? 'red' : 'dim', `${failed} failed`)}  ${this.#paint(colour, status)}`;
  }

  #paint(colour: Colour, text: string): string {
    return this.#live ? styleText(colour, text) : text;
  }
}
