import type { IncomingMessage } from 'node:http';
import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../datasources/request-log/store-upkeep.ts';
import { GatewayError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import type { KeyRing } from '../../resolvers/access/key-ring.ts';
import { recordCommand } from '../../resolvers/access/record-command.ts';
import type { RegistrationCommands } from '../../resolvers/callbacks/keep-registrations.ts';
import { KEY_BODIES, readBody } from './key-bodies.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface AdminOptions {
  readonly metrics: Metrics;
  /** Brings the gauges up to date that are read from the store. */
  readonly refreshGauges: () => Promise<void>;
  readonly readiness: () => Promise<Readiness>;
  readonly registrations: RegistrationCommands;
  readonly unlatch: () => Promise<void>;
  readonly keys: Pick<KeyRing, 'list' | 'create' | 'revoke' | 'change'>;
  /** Where every command is recorded. */
  readonly audit: Pick<AuditTrail, 'recordAudit'>;
  readonly store: {
    readonly backup: (path: string) => Promise<BackupReport>;
    /** The same for a moment: to be verified, and no backup that anybody counts on. */
    readonly copy: (path: string) => Promise<BackupReport>;
    /** Without a number of days: those of the configuration. */
    readonly purge: (olderThanDays?: number) => Promise<PurgeReport>;
    readonly reseal: () => Promise<ResealReport>;
    readonly stats: () => Promise<StoreStats>;
  };
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The parameter without which it cannot be answered. */
  readonly needs?: string | undefined;
  readonly answer: (request: IncomingMessage, query: URLSearchParams) => Promise<AdminReply>;
}

/** The body is sent as JSON, unless it is a text of another type. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
  /** Methods that the path takes, when it was another. */
  readonly allow?: string;
}

/** Everything the admin door answers. A command stands in the audit log with what came of it; what only reads does not. */
export function adminRoutes(options: AdminOptions): readonly AdminRoute[] {
  const { metrics, refreshGauges, readiness, registrations, unlatch, keys, audit, store } = options;
  const record = <Result>(action: string, work: () => Promise<Result>) => recordCommand(audit, { caller: CALLER, action, work });
  const recordKey = <Result extends { readonly id: string }>(action: string, id: string | null, work: () => Promise<Result>) => {
    const named = id !== null && KEY_ID.test(id) ? id : null;
    return recordCommand(audit, { caller: CALLER, action, work, subject: (key) => key?.id ?? named });
  };
  return [
    get('/health/live', () => ({ live: true })),
    {
      method: 'GET',
      path: '/health/ready',
      answer: async () => {
        const body = await readiness();
        return { status: body.ready ? 200 : 503, body };
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      answer: async () => {
        await refreshGauges();
        return { status: 200, type: metrics.registry.contentType, body: await metrics.registry.metrics() };
      },
    },
    get('/callbacks', () => registrations.list()),
    get('/keys', () => keys.list()),
    get('/store/stats', () => store.stats()),
    post('/callbacks/register', (_, query) =>
      record('callbacks.register', () => registrations.register({ replace: query.get('replace') === 'true' })),
    ),
    post('/callbacks/remove', () => record('callbacks.remove', () => registrations.remove())),
    post('/callbacks/rotate', (_, query) =>
      record('callbacks.rotate', () => registrations.rotate({ force: query.get('force') === 'true' })),
    ),
    post('/keys/create', async (request) => {
      const wanted = await readBody(request, KEY_BODIES.create);
      return recordKey('keys.create', null, () => keys.create(wanted));
    }),
    post('/keys/revoke', async (request) => {
      const { id } = await readBody(request, KEY_BODIES.revoke);
      return recordKey('keys.revoke', id, () => keys.revoke(id));
    }),
    post('/keys/change', async (request) => {
      const { id, scopes, grants } = await readBody(request, KEY_BODIES.change);
      return recordKey('keys.change', id, () => keys.change(id, { ...(scopes && { scopes }), ...(grants && { grants }) }));
    }),
    post('/login/unlatch', async () => {
      await record('login.unlatch', unlatch);
      return { unlatched: true };
    }),
    post('/store/backup', (_, query) => record('store.backup', () => store.backup(query.get('path') ?? '')), 'path'),
    post('/store/copy', (_, query) => store.copy(query.get('path') ?? ''), 'path'),
    post('/store/purge', (_, query) => {
      const days = parseDays(query.get('olderThanDays'));
      return record('store.purge', () => store.purge(days));
    }),
    post('/store/reseal', () => record('store.reseal', () => store.reseal())),
  ];
}

const CALLER = 'admin-listener';
/** Of a key. Whatever else was given as its id is told to nobody: it may be the whole key. */
const KEY_ID = /^[0-9a-z]{12}$/;

function get(path: string, read: () => unknown): AdminRoute {
  return { method: 'GET', path, answer: async () => ({ status: 200, body: await read() }) };
}

function post(path: string, run: (request: IncomingMessage, query: URLSearchParams) => Promise<unknown>, needs?: string): AdminRoute {
  return { method: 'POST', path, needs, answer: async (request, query) => ({ status: 200, body: await run(request, query) }) };
}

/** Never under a day: an idempotency key is good for that long. */
function parseDays(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > 3_650)
    throw new GatewayError('BAD_USER_INPUT', `Nothing was purged: ${text} is not a number of days from 1 to 3650.`);
  return Number(text);
}
