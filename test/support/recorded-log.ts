import { createLogger, type Logger } from '../../src/logger.ts';

export interface RecordedLog {
  readonly logger: Logger;
  /** Everything that was written. */
  readonly text: () => string;
  /** The lines of these events, in their order. */
  readonly of: (...events: readonly string[]) => readonly Readonly<Record<string, unknown>>[];
}

/** A gateway's log, kept. */
export function recordedLog(level = 'info'): RecordedLog {
  const lines: string[] = [];
  return {
    logger: createLogger({ level, destination: { write: (line) => void lines.push(line) } }),
    text: () => lines.join(''),
    of: (...events) =>
      lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>).filter(({ event }) => events.includes(String(event))),
  };
}
