import type { Answer } from '../http/route.ts';
import { type CallbackMessage, type FaultResponse, faultResponse } from '../callbacks/callback-message.ts';
import type { CallbackSender } from '../callbacks/callback-sender.ts';
import type { DelayQueue } from '../callbacks/delay-queue.ts';
import type { Outbox } from '../callbacks/outbox.ts';
import type { CallbackFaultSettings } from '../faults/callback-faults.ts';
import type { Ledger } from '../ledger.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { composeMessages } from '../operations/compose-messages.ts';
import type { Operation } from './action.ts';
import type { AcceptedRequest, RequestBook } from './request-book.ts';
import type { Target } from './device-finder.ts';

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

/** Accepts operations: answers with a request id, does each device after its delay, and reports it. */
export class RequestRunner {
  readonly #parts: RequestRunnerParts;

  constructor(parts: RequestRunnerParts) {
    this.#parts = parts;
  }

  accept(operation: Operation): Answer {
    const { random, requests, ledger, faults, outbox } = this.#parts;
    const id = random.uuid();
    const request = requests.open(id, operation.account, operation.name, operation.targets.length);
    ledger.counts.devicesPosted += operation.targets.length;
    const answer: Answer = { status: 200, body: { requestId: id }, requestId: id };
    if (faults.timing === 'before-response' && outbox.flowing) {
      return { ...answer, before: () => this.#start(operation, request) };
    }
    return { ...answer, after: () => void this.#start(operation, request) };
  }

  /** Resolves once the first message about each device was answered, given up, or lost. */
  async #start(operation: Operation, request: AcceptedRequest): Promise<void> {
    const { delays, faults, sender } = this.#parts;
    const collected: CallbackMessage[] | undefined = faults.reorder ? [] : undefined;
    await Promise.all(
      operation.targets.map(
        (target) =>
          new Promise<void>((settled) => {
            delays.add(this.#delayMs(target), () => {
              const message = this.#complete(operation, target, request);
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

  /** Does one device; the message to send about it, if there is one. */
  #complete(operation: Operation, target: Target, request: AcceptedRequest): CallbackMessage | undefined {
    const { device, script } = target;
    const fault = this.#faultOf(operation, target);
    if (fault === undefined && device !== undefined) operation.apply(device, target);
    operation.finish(target, fault);
    request.done += 1;
    if (fault !== undefined) request.failed += 1;
    const messages =
      fault !== undefined || device === undefined
        ? [operation.fault(target, fault ?? deviceNotFound)]
        : composeMessages(operation, device, target, generalError);
    const copies = script?.kind === 'twice' ? 2 : 1;
    const about = target.requested;
    return messages.reduceRight<CallbackMessage | undefined>(
      (next, message) => ({
        ...message,
        account: operation.account,
        requestId: request.id,
        about,
        copies,
        ...(next === undefined ? {} : { next }),
      }),
      undefined,
    );
  }

  #faultOf(operation: Operation, { device, script }: Target): FaultResponse | undefined {
    const { settings, random } = this.#parts;
    if (script?.kind === 'fault') return { faultcode: script.faultcode, faultstring: script.faultstring };
    if (device === undefined) return deviceNotFound;
    if (device.account !== operation.account) return otherAccount;
    if (settings.failureRate > 0 && random.chance(settings.failureRate)) return generalError;
    return operation.refuse(device);
  }
}

/** The messages of a chain, each without its successor. */
function unchained(message: CallbackMessage): CallbackMessage[] {
  const { next, ...alone } = message;
  return next === undefined ? [alone] : [alone, ...unchained(next)];
}
