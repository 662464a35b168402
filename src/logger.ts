import { pino, type DestinationStream } from 'pino';
import { LineBudget } from './lib/line-budget.ts';
import { LineWriter } from './lib/line-writer.ts';

/** Everything that a log line may carry. A field that is not listed is not logged: bodies, names and tokens have no way in. */
const FIELDS = [
  'requestId',
  'carrierRequestId',
  'operation',
  // The `pseudonym` of a billing account.
  'account',
  'service',
  'outcome',
  'reason',
  'code',
  'status',
  'count',
  'durationMs',
  'freeBytes',
  'listener',
  // The address of a sender that was refused.
  'remoteAddress',
  'url',
  'signal',
  'version',
] as const;

export type LogFields = { readonly [Name in (typeof FIELDS)[number]]?: string | number | null | undefined } & {
  /** Its message and stack are logged. Errors of this gateway never carry a secret. */
  readonly error?: unknown;
};

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Each event has a bounded number of lines a minute. The rest of them is counted. */
export type Logger = Readonly<Record<Level, (event: string, fields?: LogFields) => void>>;

/** @param options.destination standard output, if it is left out. */
export function createLogger(options: { readonly level: string; readonly destination?: DestinationStream }): Logger {
  const destination = options.destination ?? new LineWriter(1);
  const out = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' }, destination);
  if (destination instanceof LineWriter) destination.onGap = (count) => out.error({ count }, 'log_lines_dropped');
  const budget = new LineBudget((event, count) => out.warn({ operation: event, count }, 'log_lines_left_out'));
  const at =
    (level: Level) =>
    (event: string, fields: LogFields = {}) => {
      if (out.isLevelEnabled(level) && budget.take(event)) out[level](selectFields(fields), event);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The types forbid other fields. This also forbids them to code that got around the types. */
function selectFields(fields: LogFields): Record<string, unknown> {
  const line = Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.some((field) => field === name)));
  return fields.error instanceof Error ? { ...line, ...describeError(fields.error) } : line;
}

function describeError(error: Error): { readonly error: string; readonly stack: string | undefined } {
  const { name, message, stack } = error;
  // It may be of another thread, and then has no class.
  if (name !== 'SyntaxError') return { error: `${name}: ${message}`, stack };
  // JSON.parse quotes the text that it could not read: a row of the store, or an answer of the carrier.
  const quoteless = message.replace(/(?:^|, )(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/, ': it is not valid JSON');
  return { error: `${name}: ${quoteless}`, stack: stack?.replace(message, () => quoteless) };
}
