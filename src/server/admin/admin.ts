import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import type { BackupReport, PurgeReport, ResealReport, StoreStats } from '../../datasources/request-log/store-upkeep.ts';
import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import type { CallbackListeners } from '../../resolvers/callbacks/callback-listeners.ts';
import { refuseStranger, refuseWebPage } from './admin-guard.ts';
import { answerKeys, type KeyCommands } from './admin-keys.ts';
import { auditedCommands } from './audited-commands.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface ListenerCommands {
  readonly list: () => ReturnType<CallbackListeners['list']>;
  readonly register: CallbackListeners['register'];
  readonly remove: CallbackListeners['remove'];
  readonly rotate: CallbackListeners['rotate'];
}

export interface AdminOptions {
  readonly metrics: Metrics;
  /** Brings the gauges up to date that are read from the store. */
  readonly refreshGauges: () => Promise<void>;
  readonly readiness: () => Promise<Readiness>;
  readonly listeners: () => ListenerCommands;
  readonly unlatch: () => Promise<void>;
  readonly keys: KeyCommands;
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

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Where the fault is ours or the caller's; any other is the carrier's. */
const STATUS_OF: Partial<Record<ErrorCode, number>> = { BAD_USER_INPUT: 400, NOT_FOUND: 404, STORE_FAILED: 500, SHUTTING_DOWN: 503 };

/** The admin door: health, metrics, and the commands of the command line. No authentication: commands are taken from this machine alone. */
export function createAdminServer(given: AdminOptions): Server {
  const options = auditedCommands(given);
  return createServer({ requestTimeout: 60_000 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const known = error instanceof GatewayError;
      send(response, {
        status: known ? (STATUS_OF[error.code] ?? 502) : 500,
        body: { error: known ? error.code : 'INTERNAL', message: known ? error.message : 'Unexpected error.' },
      });
    });
  });
}

async function answer(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Not every target of a request is a URL: `//` is none.
  const target = URL.canParse(request.url ?? '/', 'http://admin') ? (request.url ?? '/') : '/';
  const { pathname, searchParams } = new URL(target, 'http://admin');
  const what = `${request.method ?? ''} ${pathname}`;
  const refusal = refuseStranger(request, what) ?? refuseWebPage(request, what);
  if (refusal) return send(response, refusal);
  switch (what) {
    case 'GET /health/live':
      return send(response, { status: 200, body: { live: true } });
    case 'GET /health/ready': {
      const readiness = await options.readiness();
      return send(response, { status: readiness.ready ? 200 : 503, body: readiness });
    }
    case 'GET /metrics':
      await options.refreshGauges();
      response.writeHead(200, { 'content-type': options.metrics.registry.contentType }).end(await options.metrics.registry.metrics());
      return;
    case 'GET /callbacks':
      return send(response, { status: 200, body: await options.listeners().list() });
    case 'POST /callbacks/register':
      return send(response, { status: 200, body: await options.listeners().register({ replace: searchParams.get('replace') === 'true' }) });
    case 'POST /callbacks/rotate':
      return send(response, { status: 200, body: await options.listeners().rotate({ force: searchParams.get('force') === 'true' }) });
    case 'POST /callbacks/remove':
      return send(response, { status: 200, body: await options.listeners().remove() });
    case 'POST /login/unlatch':
      await options.unlatch();
      return send(response, { status: 200, body: { unlatched: true } });
    case 'POST /store/backup':
      return send(response, { status: 200, body: await options.store.backup(searchParams.get('path') ?? '') });
    case 'POST /store/copy':
      return send(response, { status: 200, body: await options.store.copy(searchParams.get('path') ?? '') });
    case 'POST /store/purge':
      return send(response, { status: 200, body: await options.store.purge(daysIn(searchParams.get('olderThanDays'))) });
    case 'POST /store/reseal':
      return send(response, { status: 200, body: await options.store.reseal() });
    case 'GET /store/stats':
      return send(response, { status: 200, body: await options.store.stats() });
    case 'GET /keys':
      return send(response, { status: 200, body: await answerKeys(options.keys, 'list', request) });
    case 'POST /keys/create':
      return send(response, { status: 200, body: await answerKeys(options.keys, 'create', request) });
    case 'POST /keys/revoke':
      return send(response, { status: 200, body: await answerKeys(options.keys, 'revoke', request) });
    case 'POST /keys/change':
      return send(response, { status: 200, body: await answerKeys(options.keys, 'change', request) });
    default:
      return send(response, {
        status: 404,
        body: {
          error: 'NOT_FOUND',
          message:
            'Known: GET /health/live, /health/ready, /metrics, /callbacks, /keys, /store/stats; POST /callbacks/register, /callbacks/remove, /callbacks/rotate, /keys/create, /keys/revoke, /keys/change, /login/unlatch, /store/backup?path=, /store/purge, /store/reseal.',
        },
      });
  }
}

/** Never under a day: an idempotency key is good for that long. */
function daysIn(given: string | null): number | undefined {
  if (given === null) return undefined;
  if (!/^\d{1,4}$/.test(given) || Number(given) < 1 || Number(given) > 3_650)
    throw new GatewayError('BAD_USER_INPUT', `Nothing was purged: ${given} is not a number of days from 1 to 3650.`);
  return Number(given);
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
