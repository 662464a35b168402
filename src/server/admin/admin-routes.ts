import type { IncomingMessage } from 'node:http';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import { GatewayError } from '../../errors.ts';
import type { SteadyClock } from '../../lib/steady-clock.ts';
import type { KeyRing } from '../../resolvers/access/key-ring.ts';
import { recordCommand } from '../../resolvers/access/record-command.ts';
import type { RegistrationKeeper } from '../../resolvers/callbacks/keep-registrations.ts';
import type { StorePurge } from '../../resolvers/upkeep/purge-store.ts';
import type { StoreReseal } from '../../resolvers/upkeep/reseal-store.ts';
import { checkCallbackReadiness, checkReadiness, checkStore, type Journal, type Stage } from './check-readiness.ts';
import { KEY_BODIES, readBody } from './key-bodies.ts';
import { refreshGauges, type GaugeSources, type StoreSources } from './refresh-gauges.ts';

/** What commands need, and a part of what is told. */
export interface AdminParts extends StoreSources {
  readonly store: StoreSources['store'] & PartsOf<{ audit: 'recordAudit'; health: 'probe'; upkeep: 'stats' | 'backup' }>;
  readonly registrations: RegistrationKeeper;
  readonly keys: KeyRing;
  readonly purge: StorePurge;
  readonly reseal: StoreReseal;
}

export interface AdminOptions extends GaugeSources {
  readonly clock: SteadyClock;
  /** Null until the store is open. */
  readonly parts: () => AdminParts | null;
  /** Why it is not open yet: a sentence. */
  readonly notYet: string;
  readonly stage: () => Stage;
  /** Why the callback listener is not open yet; null when it is. */
  readonly callbacksClosed: () => string | null;
  /** Resolves when the intake has a turn: a process one of whose threads does nothing any more is not live. */
  readonly beat: () => Promise<void>;
  readonly refused: () => Promise<Readonly<Record<string, string>>>;
  /** See `Intake.journal`. */
  readonly journal: () => Promise<Journal | null>;
  /** All metrics, as Prometheus reads them. */
  readonly writeMetrics: () => Promise<string>;
}

export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** A parameter that the request must have. */
  readonly needs?: string | undefined;
  readonly answer: (request: IncomingMessage, query: URLSearchParams) => Promise<AdminReply>;
}

/** The body is sent as JSON, unless `type` is set. Then it is a text of that type. */
export interface AdminReply {
  readonly status: number;
  readonly body: unknown;
  readonly type?: string;
  readonly allow?: string;
}

/** Everything that the admin door answers. A command is written to the audit log with its outcome. A request that only reads is not. */
export function listRoutes(options: AdminOptions): readonly AdminRoute[] {
  const { metrics } = options;
  const opened = (): AdminParts => {
    const parts = options.parts();
    if (parts === null) throw new GatewayError('STORE_FAILED', `Nothing was done. ${options.notYet} Try again later.`);
    return parts;
  };
  const record = async <Result>(action: string, work: (parts: AdminParts) => Promise<Result>) => {
    const parts = opened();
    return recordCommand(parts.store.audit, { caller: CALLER, action, work: () => work(parts) });
  };
  const recordKey = async <Result extends { readonly id: string }>(
    action: string,
    id: string | null,
    work: (keys: KeyRing) => Promise<Result>,
  ) => {
    const { store, keys } = opened();
    const named = id !== null && KEY_ID.test(id) ? id : null;
    return recordCommand(store.audit, { caller: CALLER, action, work: () => work(keys), subject: (key) => key?.id ?? named });
  };
  return [
    get('/health/live', async () => {
      await options.beat();
      return { live: true };
    }),
    ready('/health/ready', () => checkReadiness(options)),
    ready('/health/ready/callbacks', () => checkCallbackReadiness(options)),
    {
      method: 'GET',
      path: '/metrics',
      answer: async () => {
        const [graphql, callbacks, { isAway }] = await Promise.all([
          checkReadiness(options),
          checkCallbackReadiness(options),
          checkStore(options),
        ]);
        metrics.ready.set({ door: 'graphql' }, Number(graphql.ready));
        metrics.ready.set({ door: 'callbacks' }, Number(callbacks.ready));
        await refreshGauges(options, isAway ? null : options.parts());
        return { status: 200, type: metrics.registry.contentType, body: await options.writeMetrics() };
      },
    },
    get('/callbacks', () => opened().registrations.list()),
    get('/keys', () => opened().keys.list()),
    get('/store/stats', () => opened().store.upkeep.stats()),
    post('/callbacks/register', (_, query) =>
      record('callbacks.register', ({ registrations }) => registrations.register({ replace: query.get('replace') === 'true' })),
    ),
    post('/callbacks/remove', () => record('callbacks.remove', ({ registrations }) => registrations.remove())),
    post('/callbacks/rotate', (_, query) =>
      record('callbacks.rotate', ({ registrations }) => registrations.rotate({ force: query.get('force') === 'true' })),
    ),
    post('/keys/create', async (request) => {
      const wanted = await readBody(request, KEY_BODIES.create);
      return recordKey('keys.create', null, (keys) => keys.create(wanted));
    }),
    post('/keys/revoke', async (request) => {
      const { id } = await readBody(request, KEY_BODIES.revoke);
      return recordKey('keys.revoke', id, (keys) => keys.revoke(id));
    }),
    post('/keys/change', async (request) => {
      const { id, scopes, grants } = await readBody(request, KEY_BODIES.change);
      return recordKey('keys.change', id, (keys) => keys.change(id, { ...(scopes && { scopes }), ...(grants && { grants }) }));
    }),
    post('/login/unlatch', async () => {
      await record('login.unlatch', ({ session }) => session.unlatch());
      return { unlatched: true };
    }),
    post('/store/backup', (_, query) => record('store.backup', ({ store }) => store.upkeep.backup(query.get('path') ?? '')), 'path'),
    // A copy is verified and thrown away. Nobody counts on it as a backup.
    post('/store/copy', async (_, query) => opened().store.upkeep.backup(query.get('path') ?? '', { isKept: false }), 'path'),
    post('/store/purge', (_, query) => {
      const days = parseDays(query.get('olderThanDays'));
      return record('store.purge', ({ purge }) => purge.run(days));
    }),
    post('/store/reseal', () => record('store.reseal', ({ reseal }) => reseal.run())),
  ];
}

const CALLER = 'admin-listener';
/** The form of a key's id. Another text in its place is not recorded, because it may be the whole key. */
const KEY_ID = /^[0-9a-z]{12}$/;

function get(path: string, read: () => unknown): AdminRoute {
  return { method: 'GET', path, answer: async () => ({ status: 200, body: await read() }) };
}

function ready(path: string, check: () => Promise<{ readonly ready: boolean }>): AdminRoute {
  const answer = async () => {
    const body = await check();
    return { status: body.ready ? 200 : 503, body };
  };
  return { method: 'GET', path, answer };
}

function post(path: string, run: (request: IncomingMessage, query: URLSearchParams) => Promise<unknown>, needs?: string): AdminRoute {
  return { method: 'POST', path, needs, answer: async (request, query) => ({ status: 200, body: await run(request, query) }) };
}

/** At least one day, because an idempotency key is valid for that long. */
function parseDays(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > 3_650)
    throw new GatewayError('BAD_USER_INPUT', `Nothing was purged: ${text} is not a number of days from 1 to 3650.`);
  return Number(text);
}
