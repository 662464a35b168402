import type { AppendResult } from '../../../src/datasources/request-log/callback-intake.ts';
import type { Lapsed } from '../../../src/datasources/request-log/follow-up-log.ts';
import { lapse } from './plain-lapse.ts';
import { LEADS_TO, mayBegin, MOVES, UNSETTLED, type StepType } from './plain-steps.ts';
import { change, learn, newDevice, type Heard, type PlainMessage, type PlainPart, type PlainRequest } from './plain-request.ts';
import type { Owner, PlainDeadLetter, PlainFinding, PlainForward } from './plain-shapes.ts';

/** The answer to a call that is refused with an error. Nothing of the call is kept. */
export const REJECTS = 'REJECTS';

/** The account that another tool's listener still wants copies of. */
export const FORWARDED_ACCOUNT = 'account-1';

/**
 * The request log as it is documented, in plain lists, one call after the other: no file, no cache, no batch. Every
 * method gives back what the log must answer. It knows devices by exact identifiers only, so it must get no message that
 * needs elimination or stays unmatched.
 */
export class PlainLog {
  requests: PlainRequest[] = [];
  unclaimed: PlainMessage[] = [];
  kept: PlainDeadLetter[] = [];
  forwards: PlainForward[] = [];
  /** The carrier's ids of purged Requests. */
  purged: string[] = [];
  /** Requests that are hidden and not deleted yet. */
  hidden = 0;
  order: (PlainPart | PlainMessage)[] = [];
  /** All messages that ever came, to recognise a resend. */
  sent: PlainMessage[] = [];
  /** How many requests were made, kept or not. The count gives each its number. */
  made = 0;

  copy(): PlainLog {
    return Object.assign(new PlainLog(), structuredClone(this));
  }

  create(request: PlainRequest): { outcome: string; id: string } | typeof REJECTS {
    const known = this.requests.find(
      ({ account, createdBy, key }) =>
        key !== null && key === request.key && account === request.account && createdBy === request.createdBy,
    );
    if (known) return { outcome: known.input === request.input ? 'EXISTS' : 'KEY_REUSED', id: known.id };
    if (this.requests.some(({ id }) => id === request.id)) return REJECTS;
    this.requests.push(request);
    this.order.push(...request.parts);
    change(request, request.createdAt, (row) => row(null));
    return { outcome: 'CREATED', id: request.id };
  }

  step(
    request: PlainRequest,
    at: number,
    type: StepType,
    now: number,
    more: { guid?: string; error?: string; answered?: boolean } = {},
  ): boolean {
    const part = request.parts[at];
    const owner = more.guid === undefined ? null : this.owner(more.guid);
    if (owner && owner.part !== part) return this.step(request, at, 'UNANSWERED', now, { error: 'UNUSABLE_ANSWER' });
    const answered = (more.answered && more.guid) || null;
    if (!part || !mayBegin(request, at, type, answered)) return false;
    part.state = LEADS_TO[type];
    part.guid = answered ?? part.guid ?? more.guid ?? null;
    part.error = more.error ?? null;
    part.answeredAt = type === 'SENDING' || type === 'REQUEUED' ? null : now;
    if (type === 'SENDING') [part.attempts, part.sentAt, this.order] = [part.attempts + 1, now, [...this.order, part]];
    change(request, now, (row) => {
      row(null);
      const [from, to] = MOVES[type] ?? [[], 'PENDING'];
      for (const [index, device] of request.devices.entries()) {
        if (device.part !== at || !from.includes(device.status)) continue;
        device.status = to;
        row(index);
      }
    });
    if (more.guid !== undefined) this.#claim(request, at, more.guid, now);
    return true;
  }

  append(message: PlainMessage): AppendResult {
    if (!this.sent.some(({ tag }) => tag === message.tag)) this.sent.push(message);
    const { account, service, tag } = message;
    const waits = this.unclaimed.some((other) => other.tag === tag && other.account === account && other.service === service);
    const owner = message.guid === null ? null : this.owner(message.guid);
    if (!owner && waits) return 'DUPLICATE';
    if (!owner) {
      this.unclaimed.push(message);
      this.order.push(message);
      this.#forward(message, tag);
      return 'UNCLAIMED';
    }
    if (owner.request.account !== account) {
      // A message that came before the other account had the id stays unclaimed.
      if (!waits) this.#keep({ account, service, reason: 'FOREIGN_REQUEST', body: tag, receivedAt: message.receivedAt });
      return 'FOREIGN';
    }
    if (!awaits(owner, message)) {
      this.#keep({ account, service, reason: 'WRONG_SERVICE', body: tag, receivedAt: message.receivedAt });
      return 'WRONG_SERVICE';
    }
    // Nobody knows how many devices another tool's request has.
    if (owner.request.origin === 'EXTERNAL' && owner.part.state === 'CLOSED' && !owner.request.tags.includes(tag)) {
      owner.part.state = 'ACCEPTED';
      change(owner.request, message.receivedAt, (row) => row(null));
    }
    if (!this.#apply(owner.request, owner.at, message, message.receivedAt)) return 'DUPLICATE';
    this.#forward(message, tag);
    return 'APPLIED';
  }

  lapse(...step: Parameters<typeof lapse>): Lapsed {
    return lapse(...step);
  }

  reconcile(findings: readonly PlainFinding[], now: number): number {
    return findings.filter(({ request, part, index, succeeded, keys, tag }) => {
      const found = index ?? this.deviceOf(request, part, keys);
      const device = found === null ? undefined : request.devices[found];
      if (!device || device.part !== part || !(device.status === 'EXPIRED' || UNSETTLED.includes(device.status))) return false;
      device.status = succeeded ? 'SUCCEEDED' : 'FAILED';
      device.source = 'RECONCILED';
      device.final = { tag, receivedAt: now, callbackCount: null };
      learn(device, keys);
      request.named.push(...keys);
      change(request, now, (row) => {
        row(found);
        this.#hearWaiting(request, part, row);
      });
      return true;
    }).length;
  }

  /** Gives back how many messages found their device. */
  learn(findings: readonly Pick<PlainFinding, 'request' | 'part' | 'index' | 'keys'>[], now: number): number {
    let tied = 0;
    for (const { request, part, index, keys } of findings) {
      const device = index === null ? undefined : request.devices[index];
      if (index === null || !device || device.part !== part || keys.every((key) => device.keys.includes(key))) continue;
      learn(device, keys);
      request.named.push(...keys);
      const waited = request.waiting.length;
      change(request, now, (row) => {
        row(index);
        this.#hearWaiting(request, part, row);
      });
      tied += waited - request.waiting.length;
    }
    return tied;
  }

  cancelQueued(request: PlainRequest, error: string, now: number): number {
    const queued = request.parts.keys().filter((at) => request.parts[at]?.state === 'QUEUED');
    return [...queued].filter((at) => this.step(request, at, 'CANCELLED', now, { error })).length;
  }

  resolveUnknown(request: PlainRequest, at: number, guid: string | null, now: number): 'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN' {
    if (request.parts[at]?.state !== 'UNKNOWN') return 'NOT_UNKNOWN';
    if (guid !== null && this.owner(guid)) return 'ID_TAKEN';
    if (guid === null) this.step(request, at, 'CANCELLED', now, { error: 'NEVER_ARRIVED' });
    else this.step(request, at, 'ACCEPTED', now, { guid });
    return 'RESOLVED';
  }

  /** Members can only be set once, before the request has left. */
  setMembers(request: PlainRequest, members: readonly (readonly string[])[], now: number): void {
    if (request.total !== null || request.parts[0]?.state !== 'QUEUED') return;
    request.devices = members.map((keys) => newDevice(0, true, keys));
    request.named.push(...members.flat());
    request.total = members.length;
    request.totalIsEstimate = true;
    change(request, now, (row) => row(null));
  }

  recover(now: number): string[] {
    for (const request of this.requests) {
      for (const [at, part] of request.parts.entries())
        if (part.state === 'SENDING') this.step(request, at, 'UNANSWERED', now, { error: 'UNANSWERED' });
    }
    return this.requests.filter(({ parts }) => parts.some(({ state }) => state === 'QUEUED')).map(({ id }) => id);
  }

  keep(message: PlainDeadLetter, cap: number): boolean {
    const isKept = this.kept.some(isSameLetter(message));
    if (!isKept && this.kept.filter(({ account, reason }) => account === message.account && reason === message.reason).length >= cap)
      return false;
    this.#keep(message);
    return true;
  }

  owner(guid: string): Owner | null {
    for (const request of this.requests) {
      for (const [at, part] of request.parts.entries()) if (part.guid === guid) return { request, at, part };
    }
    return null;
  }

  /** The device of a carrier request that has one of these identifiers. */
  deviceOf(request: PlainRequest, at: number, keys: readonly string[]): number | null {
    const index = request.devices.findIndex((device) => device.part === at && device.keys.some((key) => keys.includes(key)));
    return index < 0 ? null : index;
  }

  #forward({ account, service, receivedAt }: Omit<PlainForward, 'body'>, body: string): void {
    if (account === FORWARDED_ACCOUNT) this.forwards.push({ account, service, receivedAt, body });
  }

  #keep(message: PlainDeadLetter, isNew = true): void {
    if (this.kept.some(isSameLetter(message))) return;
    this.kept.push(message);
    if (isNew) this.#forward(message, message.body);
  }

  #claim(request: PlainRequest, at: number, guid: string, now: number): void {
    const own = (message: PlainMessage) => message.guid === guid && message.account === request.account;
    const claimed = this.unclaimed.filter(own);
    this.unclaimed = this.unclaimed.filter((message) => !own(message));
    for (const message of claimed) {
      const { account, service, tag: body, receivedAt } = message;
      const part = request.parts[at];
      if (part && awaits({ request, at, part }, message)) this.#apply(request, at, message, now);
      // It was forwarded when it came.
      else this.#keep({ account, service, reason: 'WRONG_SERVICE', body, receivedAt }, false);
    }
  }

  /** False for a message that is in this log already. */
  #apply(request: PlainRequest, at: number, message: PlainMessage, now: number): boolean {
    if (request.tags.includes(message.tag)) return false;
    request.tags.push(message.tag);
    request.named.push(...message.keys);
    change(request, now, (row) => {
      if (message.says === 'OTHER') return row(null);
      const index = this.deviceOf(request, at, message.keys);
      if (index === null && request.parts[at]?.deviceCount !== null) throw new Error(`the model cannot tell whom ${message.tag} means`);
      // After the carrier request is closed, a message that settles nothing makes no new device.
      const idle = request.parts[at]?.state === 'CLOSED' && (message.says === 'PENDING' || message.says === 'WARNING');
      const unheardOf = index === null && (message.says === 'NIDD' || idle);
      if (unheardOf) request.waiting.push({ part: at, message });
      row(unheardOf ? null : this.#hear(request, at, message));
      this.#hearWaiting(request, at, row);
    });
    return true;
  }

  /** Ties the kept messages whose device is known now, the oldest first. */
  #hearWaiting(request: PlainRequest, at: number, row: (device: number) => void): void {
    for (;;) {
      const next = request.waiting.findIndex(({ part, message }) => part === at && this.deviceOf(request, at, message.keys) !== null);
      const [found] = next < 0 ? [] : request.waiting.splice(next, 1);
      if (!found) return;
      row(this.#hear(request, at, found.message));
    }
  }

  /** The first final message wins, also over an answer of the carrier or an expiry. */
  #hear(request: PlainRequest, at: number, { says, keys, tag, receivedAt, callbackCount }: PlainMessage): number {
    let index = this.deviceOf(request, at, keys);
    index ??= request.devices.push(newDevice(at, false, [])) - 1;
    const device = request.devices[index];
    if (!device) throw new RangeError(`no device ${index}`);
    const heard: Heard = { tag, receivedAt, callbackCount };
    learn(device, keys);
    if (says === 'NIDD') device.nidd = heard;
    if (says !== 'SUCCESS' && says !== 'FAILURE') {
      if (says !== 'NIDD' && device.source === null) device.final = heard;
      return index;
    }
    const status = says === 'SUCCESS' ? 'SUCCEEDED' : 'FAILED';
    if (device.source !== 'CALLBACK') Object.assign(device, { status, source: 'CALLBACK', final: heard });
    else if (device.status !== status) device.contradicted = true;
    return index;
  }
}

/** A message counts on the service its carrier request waits for, and an NB-IoT device has a second one. Of other tools' requests all count. */
function awaits({ request, part }: Owner, { service, says }: PlainMessage): boolean {
  if (request.origin === 'EXTERNAL' || service === part.service) return true;
  return service === 'NiddService' && part.service === 'CarrierService' && says === 'NIDD';
}

function isSameLetter({ account, service, reason, body }: PlainDeadLetter): (other: PlainDeadLetter) => boolean {
  return (other) => other.account === account && other.service === service && other.reason === reason && other.body === body;
}
