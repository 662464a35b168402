import { randomUUID } from 'node:crypto';
import type { AuditRecord } from '../audit-trail.ts';
import type { ForwardLane } from '../forward-queue.ts';
import { onWake, type Hub } from '../hub.ts';
import { LOG_LIMITS, type LogLimits } from '../log-limits.ts';
import { factTopic, type Store } from '../store.ts';
import { Vault } from '../vault.ts';
import { Claims } from './claims.ts';
import { refusePartOfStore } from './copy-fact.ts';
import { Database } from './database.ts';
import { Listener } from './listener.ts';
import { PostgresApiKeys } from './postgres-api-keys.ts';
import { PostgresAudit } from './postgres-audit.ts';
import { PostgresDeadLetters } from './postgres-dead-letters.ts';
import { PostgresFacts } from './postgres-facts.ts';
import { PostgresFollowUp } from './postgres-follow-up.ts';
import { PostgresForward } from './postgres-forward.ts';
import { PostgresHealth } from './postgres-health.ts';
import { PostgresIntake } from './postgres-intake.ts';
import { PostgresLeases } from './postgres-leases.ts';
import { PostgresOutcomes } from './postgres-outcomes.ts';
import { PostgresRequests } from './postgres-requests.ts';
import { PostgresSending } from './postgres-sending.ts';
import { PostgresUnclaimed } from './postgres-unclaimed.ts';
import { PostgresUpkeep } from './postgres-upkeep.ts';
import { prepareDatabase } from './prepare-database.ts';
import { RequestedDevices } from './requested-devices.ts';
import { nameKey, SEALED_WITH } from './sealed-with.ts';
import { Seals } from './seals.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with the options of libpq's connection URIs that `pg` knows. */
  readonly url: string;
  /** 32 bytes each. The first key seals messages and inputs, and all keys open them. Without keys (the default) nothing is sealed. */
  readonly keys?: readonly Uint8Array[];
  readonly hub: Hub;
  readonly now: () => number;
  /** The most connections, beside the one that hears what other gateways have committed. */
  readonly connections?: number;
  /** See `prepareDatabase`. */
  readonly allowsUnsynced?: boolean;
  /** Parts of the bounds that differ from the usual ones. */
  readonly limits?: Partial<LogLimits>;
  readonly onCommit?: (seconds: number) => void;
  /** Called with records that could not be written to the audit log. Without it `recordAudit` rejects. */
  readonly onAuditFailed?: (records: readonly AuditRecord[], error: unknown) => void;
  /** Told of copies for the previous listener that were not made, because too many wait for it already. */
  readonly onNoRoomToForward?: (lane: ForwardLane, copies: number) => void;
  /** The gateway hears the others, or no longer. */
  readonly onListening?: (isConnected: boolean) => void;
  /** Told of work behind a commit that failed. It is done later. */
  readonly onFailure?: (error: unknown) => void;
}

const CONNECTIONS = 10;

/**
 * Opens the store in a PostgreSQL database that many gateways share. Whatever is written, is written in a transaction that has locked its
 * Request, and nothing is remembered of a Request from one transaction to the next but what never changes.
 *
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do; STORE_FAILED (`isStoreAway`) when the database does not answer.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, hub, now, onFailure = () => undefined } = options;
  const limits = { ...LOG_LIMITS, ...options.limits };
  const { isNew, clockOffMs } = await prepareDatabase(url, { ...(options.allowsUnsynced && { allowsUnsynced: true }) });
  const vault = new Vault(options.keys ?? []);
  const origin = randomUUID();
  await using undo = new AsyncDisposableStack();
  const db = undo.use(
    new Database({
      url,
      connections: options.connections ?? CONNECTIONS,
      hub,
      origin,
      ...(options.onCommit && { onCommit: options.onCommit }),
    }),
  );
  const place = new URL(url).pathname.slice(1);
  await nameKey(db, vault, place);
  const epoch = await takeEpoch(db);
  const listener = undo.use(
    new Listener({ url, hub, origin, onSilent: () => db.drop(), ...(options.onListening && { onChange: options.onListening }) }),
  );
  await listener.start();
  await refusePartOfStore(db);
  const seals = new Seals(vault);
  const devices = new RequestedDevices(seals);
  const claims = new Claims({ db, seals, limits });
  const parts = { db, seals, limits, claims, devices, hub, now, clockOffMs };
  const facts = new PostgresFacts(db);
  const forwards = new PostgresForward(db, seals, limits);
  const upkeep = new PostgresUpkeep({ ...parts, facts, epoch });
  const intake = new PostgresIntake({ ...parts, onFailure, onNoRoomToForward: options.onNoRoomToForward ?? (() => undefined) });
  undo.defer(() => intake.close());
  // Another gateway that has ended a reseal does not know the key of this one.
  undo.use(onWake(hub, factTopic(SEALED_WITH), () => nameKey(db, vault, place), onFailure));
  const opened = undo.move();
  return {
    epoch,
    isNew,
    hub,
    requests: new PostgresRequests({
      ...parts,
      indexAll: async () => {
        while (await upkeep.indexIdentifiers());
      },
    }),
    outcomes: new PostgresOutcomes(parts),
    sending: new PostgresSending(parts),
    intake,
    unclaimed: new PostgresUnclaimed(parts),
    deadLetters: new PostgresDeadLetters(db, seals),
    followUp: new PostgresFollowUp(parts),
    forwards,
    audit: new PostgresAudit({ db, now, onFailed: options.onAuditFailed }),
    facts,
    keys: new PostgresApiKeys(db),
    leases: new PostgresLeases(db, hub, origin),
    upkeep,
    health: new PostgresHealth({ db, now }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** The store's epoch, which its cursors name. It is drawn when the store is opened for the first time, and again after a restore. */
async function takeEpoch(db: Database): Promise<string> {
  await db.run("INSERT INTO fact VALUES ('epoch', $1) ON CONFLICT DO NOTHING", [randomUUID().slice(0, 8)]);
  const [row] = await db.rows<{ value: string }>("SELECT value FROM fact WHERE key = 'epoch'");
  return row?.value ?? '';
}
