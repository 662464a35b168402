import type { LogBatch } from '../../../src/datasources/request-log/outcome-reads.ts';
import type { StoredCallback, StoredOutcome, StoredRequest } from '../../../src/datasources/request-log/stored-request.ts';
import { deviceOfIccid, plainKeys } from './fleet.ts';
import type { FlatStore } from '../../support/flat-store.ts';

/**
 * Everything that a log shows, in a form that the plain model has too: messages by their tags, errors by their codes, another
 * tool's Request by its carrier id.
 */
export type LogView = Awaited<ReturnType<typeof viewOfLog>>;

const EVERYTHING = 1_000;
const OPERATIONS = ['ACTIVATE_DEVICES', 'RENEW_ACTIVATION_CODE'];

export async function viewOfLog(log: FlatStore, now: number, found: readonly string[]) {
  const { rows } = await log.list({ accounts: null }, null, EVERYTHING);
  const ids = rows.map(({ id }) => id);
  const carrierRequests = await log.carrierRequests(ids);
  const named = new Map(
    rows.map(({ id, origin }) => [id, origin === 'GATEWAY' ? id : `external ${carrierRequests.get(id)?.[0]?.carrierRequestId}`]),
  );
  const name = (id: string) => named.get(id) ?? id;
  const pages = await log.outcomePages(ids.map((requestId) => ({ requestId, statuses: null, afterIndex: -1, limit: EVERYTHING })));
  const retries = await log.retryPages(ids.map((requestId) => ({ requestId, after: null, limit: EVERYTHING })));
  const spans = await log.retrySpans(ids);
  const requests = [];
  for (const [at, row] of rows.entries()) {
    const parts = carrierRequests.get(row.id) ?? [];
    const sendable = await log.sendable(row.id);
    requests.push({
      ...requestView(row),
      id: name(row.id),
      parts: parts.map(({ requestId: _id, error, ...part }) => ({ ...part, error: error?.code ?? null })),
      outcomes: (pages[at]?.rows ?? []).map(outcomeView),
      silent: await Promise.all(parts.map(async ({ position }) => (await log.silentDevices(row.id, position)).map(silentView))),
      niddOutstanding: await log.niddOutstanding(row.id),
      retries: (retries[at]?.rows ?? []).map(({ id }) => name(id)),
      retryCount: spans.get(row.id)?.count ?? 0,
      expected: sendable?.devices?.length ?? null,
      foundById: await Promise.all(
        parts.map(async ({ carrierRequestId }) => carrierRequestId && name((await log.findByCarrierRequestId(carrierRequestId))?.id ?? '')),
      ),
    });
  }
  const counts = await log.counts();
  return {
    requests,
    due: (await log.due(now)).map((due) => ({ ...due, requestId: name(due.requestId) })).toSorted(byRequest),
    unclaimed: (await log.unclaimed(null, null, EVERYTHING)).rows.map(({ id: _id, json: _json, digest: _digest, message, ...row }) => ({
      ...row,
      tag: message.comment,
    })),
    kept: (await log.deadLetters({ accounts: null, reason: null }, null, EVERYTHING)).rows.map(({ id: _id, body, ...row }) => ({
      ...row,
      body: bodyTag(Buffer.from(body).toString()),
    })),
    forwards: await Promise.all(
      (await log.forwardLanes()).toSorted(byLane).map(async (lane) => ({
        ...lane,
        waiting: (await log.forwards(lane, EVERYTHING)).map(({ receivedAt, body }) => ({ receivedAt, body: Buffer.from(body).toString() })),
      })),
    ),
    forwardBacklog: await log.forwardBacklog(),
    sent: Object.fromEntries(
      await Promise.all(OPERATIONS.map(async (operation) => [operation, await log.sentSince(operation, 0)] as const)),
    ),
    found: Object.fromEntries(
      await Promise.all(
        found.map(async (key) => {
          const page = await log.list({ accounts: null, deviceKeys: [key] }, null, EVERYTHING);
          return [key, page.rows.map(({ id }) => name(id))] as const;
        }),
      ),
    ),
    counts: { ...counts, deadLettersByReason: { ...counts.deadLettersByReason }, openByStatus: { ...counts.openByStatus } },
  };
}

export function outcomeView({ id: _id, requestId: _request, requested, lastSeq: _seq, final, nidd, ...outcome }: StoredOutcome) {
  const iccid = requested?.find(({ kind }) => kind === 'ICCID')?.id;
  // The model does not number its rows.
  return { ...outcome, requested: iccid === undefined ? null : deviceOfIccid(iccid), final: heard(final), nidd: heard(nidd) };
}

export function batchView(batch: LogBatch | null) {
  return batch && { ...batch, outcomes: batch.outcomes.map(outcomeView).toSorted((one, other) => one.index - other.index) };
}

function requestView({ error, ...request }: StoredRequest) {
  return { ...request, error: error?.code ?? null };
}

/** The tag of a message: a callback's comment, or the service plan in an answer of the carrier. */
function heard(callback: StoredCallback | null) {
  return (
    callback && {
      tag: callback.message.comment ?? callback.message.servicePlan,
      receivedAt: callback.receivedAt,
      callbackCount: callback.callbackCount,
    }
  );
}

function silentView({ index, keys }: { readonly index: number; readonly keys: readonly string[] }) {
  return { index, keys: plainKeys(keys).toSorted() };
}

/** The body of a dead letter: the JSON of its callback, or other bytes. */
function bodyTag(body: string): string {
  return /"comment":"([^"]*)"/.exec(body)?.[1] ?? body;
}

interface Lane {
  readonly account: string;
  readonly service: string;
}

export function byLane(one: Lane, other: Lane): number {
  return one.account.localeCompare(other.account) || one.service.localeCompare(other.service);
}

export function byRequest(
  one: { readonly requestId: string; readonly position: number },
  other: { readonly requestId: string; readonly position: number },
): number {
  return one.requestId.localeCompare(other.requestId) || one.position - other.position;
}
