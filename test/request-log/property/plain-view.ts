import { deviceOfIccid } from './fleet.ts';
import { byLane, byRequest, type LogView } from './log-view.ts';
import type { PlainLog } from './plain-log.ts';
import { endsAt, isEnded, progressOf, statusOf, type PlainDevice, type PlainRequest } from './plain-request.ts';

const UNSETTLED: readonly string[] = ['PENDING', 'OVERDUE', 'UNKNOWN'];

/** What the log must show, according to the model. */
export function plainView(model: PlainLog, now: number, found: readonly string[]): LogView {
  const newestFirst = model.requests.toReversed();
  const open = model.requests.filter((request) => !isEnded(request));
  return {
    requests: newestFirst.map((request) => requestView(model, request)),
    due: open.flatMap((request) => dueOf(request, now)).toSorted(byRequest),
    unclaimed: model.unclaimed.map(({ account, service, guid, receivedAt, callbackCount, tag }) => ({
      account,
      service,
      carrierRequestId: guid,
      receivedAt,
      callbackCount,
      tag,
    })),
    kept: model.kept.map((message) => ({ ...message, contentType: null, contentEncoding: null })),
    forwards: lanesOf(model),
    forwardBacklog: {
      rows: model.forwards.length,
      oldestAt: model.forwards.length === 0 ? null : Math.min(...model.forwards.map(({ receivedAt }) => receivedAt)),
    },
    sent: {
      ACTIVATE_DEVICES: sentTimes(model, 'ACTIVATE_DEVICES'),
      RENEW_ACTIVATION_CODE: sentTimes(model, 'RENEW_ACTIVATION_CODE'),
    },
    found: Object.fromEntries(
      found.map((key) => [key, newestFirst.filter(({ named }) => named.includes(key)).map(({ id }) => id)] as const),
    ),
    counts: {
      unclaimed: model.unclaimed.length,
      deadLettersByReason: countBy(model.kept.map(({ reason }) => reason)),
      overdueDevices: open.reduce((sum, request) => sum + progressOf(request).OVERDUE, 0),
      openByStatus: countBy(open.map(statusOf)),
    },
  };
}

/** The batch that a follower must get: up to `limit` rows, and none after the row that ends the Request. */
export function plainBatch(request: PlainRequest, after: number, limit: number) {
  const until = Math.min(after + limit, request.rows.length);
  let end = after;
  while (end < until && !endsAt(request, end)) end++;
  const rows = request.rows.slice(after, Math.min(end + 1, until));
  const last = rows.at(-1);
  if (!last) return null;
  const newest = new Map<number, PlainDevice>();
  for (const { device, as } of rows) if (device !== null && as) newest.set(device, as);
  return {
    lastSeq: after + rows.length,
    status: last.status,
    progress: last.progress,
    outcomes: [...newest].map(([index, device]) => deviceView(index, device)).toSorted((one, other) => one.index - other.index),
  };
}

function requestView(model: PlainLog, request: PlainRequest): LogView['requests'][number] {
  const { id, account, origin, operation, createdBy, clientReference, total, totalIsEstimate, retryOf, createdAt, updatedAt, completedAt } =
    request;
  const { parts, devices } = request;
  const error = parts.find((part) => part.error !== null)?.error ?? null;
  return {
    id,
    account,
    origin,
    operation,
    createdBy,
    clientReference,
    total,
    totalIsEstimate,
    retryOf,
    createdAt,
    updatedAt,
    completedAt,
    error,
    status: statusOf(request),
    progress: progressOf(request),
    lastSeq: request.rows.length,
    parts: parts.map(({ guid, ...part }, position) => ({ ...part, position, carrierRequestId: guid })),
    outcomes: devices.map((device, index) => deviceView(index, device)),
    silent: parts.map((_, position) =>
      devices.flatMap((device, index) =>
        device.part === position && UNSETTLED.includes(device.status) ? [{ index, keys: device.keys.toSorted() }] : [],
      ),
    ),
    niddOutstanding: devices.filter(({ status, nidd }) => status === 'SUCCEEDED' && nidd === null).length,
    retries: model.requests.filter((other) => other.retryOf === id).map((other) => other.id),
    retryCount: model.requests.filter((other) => other.retryOf === id).length,
    expected: devices.some(({ requested }) => requested) ? devices.filter(({ requested }) => requested).length : null,
    foundById: parts.map(({ guid }) => (guid === null ? null : id)),
  };
}

function deviceView(index: number, { requested, status, source, contradicted, final, nidd, keys }: PlainDevice) {
  return { index, requested: requested ? deviceOfIccid(keys[0] ?? '') : null, status, source, contradicted, final, nidd };
}

function dueOf(request: PlainRequest, now: number) {
  const { id, account, origin, operation, createdAt, updatedAt, parts, devices } = request;
  const pending = devices.filter(({ status }) => status === 'PENDING').length;
  const open = devices.filter(({ status }) => UNSETTLED.includes(status)).length;
  const counted = { updatedAt, pending, open, settled: devices.length - open, unmatched: request.waiting.length };
  return parts.flatMap(({ state, guid, deviceCount, sentAt }, position) => {
    const since = sentAt ?? createdAt;
    if ((state !== 'ACCEPTED' && state !== 'UNKNOWN') || (since > now && counted.unmatched === 0)) return [];
    return [{ requestId: id, account, origin, operation, position, state, carrierRequestId: guid, deviceCount, since, ...counted }];
  });
}

function lanesOf({ forwards }: PlainLog): LogView['forwards'] {
  return [...Map.groupBy(forwards, ({ account, service }) => `${account} ${service}`).values()]
    .map((copies) => ({
      account: copies[0]?.account ?? '',
      service: copies[0]?.service ?? '',
      waiting: copies.map(({ receivedAt, body }) => ({ receivedAt, body })),
    }))
    .toSorted(byLane);
}

function sentTimes(model: PlainLog, operation: string): number[] {
  const parts = model.requests.flatMap((request) => (request.operation === operation ? request.parts : []));
  return parts
    .flatMap(({ sentAt, answeredAt, attempts }) => Array.from({ length: attempts }, () => Math.max(sentAt ?? 0, answeredAt ?? 0)))
    .toSorted((one, other) => one - other);
}

function countBy<Word extends string>(words: readonly Word[]): Partial<Record<Word, number>> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, same]) => [word, same.length])) as Partial<
    Record<Word, number>
  >;
}
