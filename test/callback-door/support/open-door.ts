import { DatabaseSync } from 'node:sqlite';
import { request } from 'undici';
import { RequestDocument, UnclaimedCallbacksDocument } from '../../../documents/gql/graphql.ts';
import { Hub } from '../../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import { newRequest } from '../../support/new-request.ts';
import { openGateway } from '../../support/open-gateway.ts';
import { runDocument } from '../../support/run-document.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { flatten } from '../../support/flat-store.ts';

export const ACCOUNT = '0868924207-00001';
export const OTHER_ACCOUNT = '0000123456-00001';
/** The carrier's id of the one request that waits for a callback. */
export const WAITING = '595f5c44-c31c-4552-8670-020a1545a84d';
export const DEVICE = '89141390780800784259';
export const CREDENTIALS = { username: 'door-user', password: 'door-password' };

/** A carrier that is never called. */
const NO_CARRIER = {
  url: 'http://127.0.0.1:9/api',
  credentials: { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' },
  accounts: [ACCOUNT, OTHER_ACCOUNT],
};

export interface Sent {
  readonly status: number;
  readonly body: string;
}

export interface KeptRow {
  readonly account: string;
  readonly service: string;
  readonly reason: string;
  readonly content_type: string | null;
  readonly content_encoding: string | null;
  readonly body: Uint8Array;
}

export interface UnclaimedRow {
  readonly account: string;
  readonly service: string;
  readonly carrier_request_id: string | null;
  readonly callback_count: number | null;
  readonly message: string;
}

/** What is in the store, without the good callback of `stillApplies`. */
export interface Stored {
  readonly kept: readonly KeptRow[];
  readonly unclaimed: readonly UnclaimedRow[];
  readonly applied: readonly string[];
}

export interface Door extends AsyncDisposable {
  readonly origin: string;
  readonly admin: string;
  path(service?: CallbackService, account?: string): string;
  post(body: string | Uint8Array, headers?: Record<string, string>, path?: string): Promise<Sent>;
  /** Sends a good callback for the waiting request and returns the request's status after it. */
  stillApplies(): Promise<string | undefined>;
  /** The outcome of the first device of the waiting request. */
  outcome(): Promise<unknown>;
  /** How many callbacks without a request the graph lists. It reads every field of them. */
  listUnclaimed(): Promise<number>;
  /** Stops the gateway and reads its store. */
  stored(): Promise<Stored>;
}

/** A good callback of the waiting request, with `more` over it. */
export function callback(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...CREDENTIALS,
    requestId: WAITING,
    deviceIds: [{ id: DEVICE, kind: 'iccid' }],
    deviceResponse: { activateResponse: { deviceIds: [{ id: '5096300587', kind: 'mdn' }], state: 'Active' } },
    comment: '',
    status: 'Success',
    callbackCount: 1,
    maxCallbackThreshold: 4,
    ...more,
  };
}

/** A gateway with one request of two devices that waits for its callbacks; credentials are configured. */
export async function openDoor(env: Readonly<Record<string, string>> = {}): Promise<Door> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const storePath = `${folder.path}/gateway.sqlite`;
  const waiting = newRequest([[['ICCID', DEVICE]], [['ICCID', '89141390780800784260']]], { account: ACCOUNT });
  await writeWaitingRequest(storePath, waiting);
  const settings = { M2M_CALLBACK_USERNAME: CREDENTIALS.username, M2M_CALLBACK_PASSWORD: CREDENTIALS.password, ...env };
  const gateway = await openGateway(NO_CARRIER, storePath, { ...settings, M2M_LOG_LEVEL: 'silent' });
  const running = undo.use(new AsyncDisposableStack());
  running.use(gateway);
  const path = (service: CallbackService = 'CarrierService', account = ACCOUNT) => gateway.callbackPath(account, service);
  const post = async (body: string | Uint8Array, headers: Record<string, string> = {}, to = path()): Promise<Sent> => {
    const answer = await request(`${gateway.urls.callbacks}${to}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  const outcomes = async () => (await runDocument(gateway.urls.graphql, RequestDocument, { id: waiting.id })).request?.outcomes.nodes ?? [];
  const goodOne = { ...callback(), deviceIds: [{ id: '89141390780800784260', kind: 'iccid' }], comment: GOOD };
  const built = undo.move();
  return {
    origin: gateway.urls.callbacks,
    admin: gateway.urls.admin,
    path,
    post,
    async stillApplies() {
      await post(JSON.stringify(goodOne));
      return (await outcomes())[1]?.status;
    },
    outcome: async () => (await outcomes())[0],
    listUnclaimed: async () => (await runDocument(gateway.urls.graphql, UnclaimedCallbacksDocument, {})).unclaimedCallbacks.nodes.length,
    async stored() {
      await running.disposeAsync();
      return readStore(storePath);
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

const GOOD = 'the good one';

async function writeWaitingRequest(path: string, waiting: ReturnType<typeof newRequest>): Promise<void> {
  await using log = flatten(
    openSqliteStore({
      path,
      hub: new Hub({ tickMs: () => 1 }),
      now: Date.now,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
  await log.create(waiting);
  await log.step(waiting.id, 0, { type: 'SENDING' });
  await log.step(waiting.id, 0, { type: 'ACCEPTED', carrierRequestId: WAITING });
}

function readStore(path: string): Stored {
  const db = new DatabaseSync(path);
  try {
    const messages = db.prepare('SELECT message FROM event WHERE message IS NOT NULL ORDER BY pk').all() as { message: string }[];
    return {
      kept: db.prepare('SELECT * FROM kept_message ORDER BY pk').all() as unknown as KeptRow[],
      unclaimed: db.prepare('SELECT * FROM unclaimed ORDER BY pk').all() as unknown as UnclaimedRow[],
      applied: messages.map(({ message }) => message).filter((message) => !message.includes(GOOD)),
    };
  } finally {
    db.close();
  }
}
