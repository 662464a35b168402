import type { CallbackMessage } from '../callbacks/callback-message.ts';
import { type FaultResponse, faultResponse } from '../callbacks/fault-response.ts';
import type { CallbackSender } from '../callbacks/callback-sender.ts';
import type { DelayQueue } from '../callbacks/delay-queue.ts';
import type { Outbox } from '../callbacks/outbox.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { CallbackFaultSettings } from '../faults/callback-faults.ts';
import { type Answer, ok } from '../http/route.ts';
import type { Ledger } from '../ledger.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { faultMessages, isSilent, successMessages } from '../unkind/device-messages.ts';
import { spellMessage } from '../unkind/spell-message.ts';
import { faultOf } from '../unkind/unkind-switch.ts';
import type { Action, AnsweredAction, Target } from './action.ts';
import type { AcceptedRequest, RequestBook } from './request-book.ts';

const deviceNotFound = faultResponse('REQUEST_FAILED.DeviceNotFound', 'Device not found');
const otherAccount = faultResponse('INPUT_INVALID.Device.Account.Invalid', 'The device was not a part of the account specified.');
const generalError = faultResponse('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');

const lateMs = 60_000;

export interface RequestRunnerParts {
  readonly settings: Settings;
  readonly random: Random;
  readonly requests: RequestBook;
  readonly inventory: Inventory;
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

  /** Does an action at once. The answer has a result for each device, but for silent ones. */
  answer(action: AnsweredAction): Answer {
    this.#parts.ledger.counts.devicesPosted += action.targets.length;
    const results = action.targets.flatMap((target) => {
      const fault = this.#faultOf(action, target);
      if (target.device !== undefined && fault === undefined) action.apply(target.device, target);
      return isSilent(target) ? [] : [action.result(target, fault)];
    });
    return ok(results);
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
    return target.unkind.has('late') ? lateMs : random.integer(...settings.callbackDelayMs);
  }

  /** Does one device. Returns the message to send about it, if there is one. */
  #complete(action: Action, target: Target, request: AcceptedRequest): CallbackMessage | undefined {
    const { device, unkind } = target;
    const { inventory } = this.#parts;
    const fault = this.#faultOf(action, target);
    if (device !== undefined) {
      // A deactivated line has no number that a message could name.
      if (unkind.has('named-by-mdn') || unkind.has('named-by-mdn-and-imei')) inventory.keepNumber(device);
      if (fault === undefined) action.apply(device, target);
      else action.onFault?.(device);
      if (action.pendingState !== undefined) device.pendingStates.splice(device.pendingStates.indexOf(action.pendingState), 1);
    }
    request.done += 1;
    if (fault !== undefined) request.failed += 1;
    const messages =
      fault !== undefined || device === undefined
        ? faultMessages(action.reports, target, fault ?? deviceNotFound)
        : successMessages(action.reports, device, target);
    const common = { account: action.account, requestId: request.id, about: target.requested, unkind };
    return messages.reduceRight<CallbackMessage | undefined>(
      (next, message) => ({ ...spellMessage(message, target), ...common, ...(next === undefined ? {} : { next }) }),
      undefined,
    );
  }

  #faultOf(action: Pick<AnsweredAction, 'account' | 'refuse'>, { device, unkind }: Target): FaultResponse | undefined {
    const { settings, random } = this.#parts;
    const forced = faultOf(unkind);
    if (forced !== undefined) return forced;
    if (device === undefined) return deviceNotFound;
    if (action.account !== undefined && device.account !== action.account) return otherAccount;
    if (settings.failureRate > 0 && random.chance(settings.failureRate)) return generalError;
    return action.refuse(device);
  }
}

/** The messages of a chain, each without its successor. */
function unchained(message: CallbackMessage): CallbackMessage[] {
  const { next, ...alone } = message;
  return next === undefined ? [alone] : [alone, ...unchained(next)];
}
