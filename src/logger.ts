import { createHmac } from 'node:crypto';
import { pino, type DestinationStream } from 'pino';

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

export type Logger = Readonly<Record<Level, (event: string, fields?: LogFields) => void>>;

export function createLogger(options: { readonly level: string; readonly destination?: DestinationStream }): Logger {
  const out = pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
  const at =
    (level: Level) =>
    (event: string, fields: LogFields = {}) =>
      out[level](selectFields(fields), event);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The types forbid other fields. This also forbids them to code that got around the types. */
function selectFields(fields: LogFields): Record<string, unknown> {
  const line = Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.some((field) => field === name)));
  return fields.error instanceof Error ? { ...line, ...describeError(fields.error) } : line;
}

function describeError(error: Error): { readonly error: string; readonly stack: string | undefined } {
  const { name, message, stack } = error;
  if (!(error instanceof SyntaxError)) return { error: `${name}: ${message}`, stack };
  // JSON.parse quotes the text that it could not read: a row of the store, or an answer of the carrier.
  const quoteless = message.replace(/(?:^|, )(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/, ': it is not valid JSON');
  return { error: `${name}: ${quoteless}`, stack: stack?.replace(message, () => quoteless) };
}

/** The same account always gives the same eight letters. Without the key nobody can compute or guess the account from them. */
export function pseudonym(account: string, key: string): string {
  return createHmac('sha256', key).update(account).digest('base64url').slice(0, 8);
}
