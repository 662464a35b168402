import { type CallbackMessage, type FaultResponse, faultResponse } from '../callbacks/callback-message.ts';
import type { CallbackSender } from '../callbacks/callback-sender.ts';
import type { DelayQueue } from '../callbacks/delay-queue.ts';
import type { Outbox } from '../callbacks/outbox.ts';
import type { Device } from '../devices/device.ts';
import type { CallbackFaultSettings } from '../faults/callback-faults.ts';
import type { Answer } from '../http/route.ts';
import type { Ledger } from '../ledger.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import type { Action, ActionMessage, Reports, Target } from './action.ts';
import type { AcceptedRequest, RequestBook } from './request-book.ts';

const deviceNotFound = faultResponse('REQUEST_FAILED.DeviceNotFound', 'Device not found');
const otherAccount = faultResponse('INPUT_INVALID.Device.Account.Invalid', 'The device was not a part of the account specified.');
const generalError = faultResponse('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');

export interface RequestRunnerParts {
  readonly settings: Settings;
  readonly random: Random;
  readonly requests: RequestBook;
  readonly ledger: Ledger;
  readonly delays: DelayQueue;
  readonly outbox: Outbox;
  readonly sender: CallbackSender;
  readonly faults: CallbackFaultSettings;
}

/** Accepts actions: answers with a request id, does each device after its delay, and reports it. */
export class RequestRunner {
  readonly #parts: RequestRunnerParts;

  constructor(parts: RequestRunnerParts) {
    this.#parts = parts;
  }

  accept(action: Action): Answer {
    const { random, requests, ledger, faults, outbox } = this.#parts;
    const { account, targets, hasRequestStatus: hasStatus = false, pendingState } = action;
    const id = random.uuid();
    const request = requests.open({ id, account, hasStatus, devices: targets.length });
    ledger.counts.devicesPosted += targets.length;
    if (pendingState !== undefined) for (const { device } of targets) device?.pendingStates.push(pendingState);
    const answer: Answer = { status: 200, body: { requestId: id }, requestId: id };
    if (faults.timing === 'before-response' && outbox.flowing) {
      return { ...answer, before: () => this.#start(action, request) };
    }
    return { ...answer, after: () => void this.#start(action, request) };
  }

  /** Resolves once the first message about each device was answered, given up, or lost. */
  async #start(action: Action, request: AcceptedRequest): Promise<void> {
    const { delays, faults, sender } = this.#parts;
    const collected: CallbackMessage[] | undefined = faults.reorder ? [] : undefined;
    await Promise.all(
      action.targets.map(
        (target) =>
          new Promise<void>((settled) => {
            delays.add(this.#delayMs(target), () => {
              const message = this.#complete(action, target, request);
              if (message === undefined || collected !== undefined) settled();
              if (message !== undefined && collected === undefined) sender.send(message, settled);
              if (message !== undefined) collected?.push(...unchained(message));
              if (collected !== undefined && request.done === request.devices) {
                for (const each of collected.toReversed()) sender.send(each);
              }
            });
          }),
      ),
    );
  }

  #delayMs(target: Target): number {
    const { faults, settings, random } = this.#parts;
    if (faults.timing !== 'delayed') return 0;
    return target.script?.kind === 'late' ? target.script.delayMs : random.integer(...settings.callbackDelayMs);
  }

  /** Does one device. Returns the message to send about it, if there is one. */
  #complete(action: Action, target: Target, request: AcceptedRequest): CallbackMessage | undefined {
    const { device, script } = target;
    const fault = this.#faultOf(action, target);
    if (device !== undefined) {
      if (fault === undefined) action.apply(device, target);
      else action.onFault?.(device);
      if (action.pendingState !== undefined) device.pendingStates.splice(device.pendingStates.indexOf(action.pendingState), 1);
    }
    request.done += 1;
    if (fault !== undefined) request.failed += 1;
    const messages =
      fault !== undefined || device === undefined
        ? [action.reports.fault(target, fault ?? deviceNotFound)]
        : successMessages(action.reports, device, target);
    const common = { account: action.account, requestId: request.id, about: target.requested, copies: script?.kind === 'twice' ? 2 : 1 };
    return messages.reduceRight<CallbackMessage | undefined>(
      (next, message) => ({ ...message, ...common, ...(next === undefined ? {} : { next }) }),
      undefined,
    );
  }

  #faultOf(action: Action, { device, script }: Target): FaultResponse | undefined {
    const { settings, random } = this.#parts;
    if (script?.kind === 'fault') return { faultcode: script.faultcode, faultstring: script.faultstring };
    if (device === undefined) return deviceNotFound;
    if (device.account !== action.account) return otherAccount;
    if (settings.failureRate > 0 && random.chance(settings.failureRate)) return generalError;
    return action.refuse(device);
  }
}

/** The messages about a device that was done, in order. Its magic identifier may change them. */
function successMessages(reports: Reports, device: Device, target: Target): ActionMessage[] {
  const success = reports.success(device, target);
  const kind = target.script?.kind;
  if (kind === 'silent') return [];
  if (kind === 'pending-first') return [reports.pending(target), success];
  if (kind === 'contradiction') return [success, reports.fault(target, generalError)];
  const forced = kind === 'nidd-created' ? 'created' : kind === 'nidd-failed' ? 'failed' : undefined;
  const outcome = forced ?? (device.nbIot ? 'created' : undefined);
  const nidd = outcome && reports.nidd?.(device, outcome);
  return nidd ? [success, nidd] : [success];
}

/** The messages of a chain, each without its successor. */
function unchained(message: CallbackMessage): CallbackMessage[] {
  const { next, ...alone } = message;
  return next === undefined ? [alone] : [alone, ...unchained(next)];
}
