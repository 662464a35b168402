import { createHmac } from 'node:crypto';
import { pino, type DestinationStream } from 'pino';

/** Everything a log line may carry. A field that is not here is not logged: bodies, names, tokens and numbers have no way in. */
export interface LogFields {
  readonly requestId?: string;
  readonly carrierRequestId?: string | undefined;
  readonly operation?: string | null;
  /** A pseudonym of the billing account: `pseudonym(account)`. */
  readonly account?: string;
  readonly service?: string;
  readonly outcome?: string;
  readonly reason?: string | null;
  readonly code?: string;
  readonly status?: number | string;
  readonly count?: number;
  readonly durationMs?: number;
  readonly listener?: string;
  /** Of a host whose connection was refused. */
  readonly remoteAddress?: string;
  readonly url?: string;
  readonly signal?: string;
  readonly version?: string;
  /** An error's own message and stack; errors of this gateway never carry a secret. */
  readonly error?: unknown;
}

const ALLOWED: ReadonlySet<string> = new Set([
  'requestId',
  'carrierRequestId',
  'operation',
  'account',
  'service',
  'outcome',
  'reason',
  'code',
  'status',
  'count',
  'durationMs',
  'listener',
  'remoteAddress',
  'url',
  'signal',
  'version',
]);

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export function createLogger(options: { readonly level: string; readonly destination?: DestinationStream }): Logger {
  const out = pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}) =>
      out[level](allowed(fields), event);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The types forbid other fields; this forbids them to code that got around the types. */
function allowed(fields: LogFields): Record<string, unknown> {
  const line = Object.fromEntries(Object.entries(fields).filter(([name]) => ALLOWED.has(name)));
  return fields.error instanceof Error ? { ...line, ...told(fields.error) } : line;
}

function told(error: Error): { readonly error: string; readonly stack: string | undefined } {
  const { name, message, stack } = error;
  if (!(error instanceof SyntaxError)) return { error: `${name}: ${message}`, stack };
  // JSON.parse quotes what it could not read: a row of the store, an answer.
  const said = message.replace(/(?:^|, )(?:\.\.\.)?"[^]*"(?:\.\.\.)? is not valid JSON$/, ': it is not valid JSON');
  return { error: `${name}: ${said}`, stack: stack?.replace(message, () => said) };
}

/** The same account always gives the same eight letters; without the key they do not give the account, nor can it be guessed. */
export function pseudonym(account: string, key: string): string {
  return createHmac('sha256', key).update(account).digest('base64url').slice(0, 8);
}
