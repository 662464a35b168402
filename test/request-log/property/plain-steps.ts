import type { OutcomeStatus } from '../../../src/datasources/request-log/stored-request.ts';
import type { SendingStep } from '../../../src/datasources/request-log/sending-steps.ts';
import type { PlainPart, PlainRequest } from './plain-request.ts';

/** Results in the carrier's answer are in `settling-contract.ts`. */
export type PlainStep = Exclude<SendingStep, { type: 'ANSWERED' }>;
export type StepType = PlainStep['type'];

/** The states in which each step of a carrier request may begin. */
const BEGINS_AT: Readonly<Record<StepType, readonly string[]>> = {
  SENDING: ['QUEUED'],
  REQUEUED: ['QUEUED', 'SENDING'],
  ACCEPTED: ['QUEUED', 'SENDING', 'UNKNOWN', 'ACCEPTED', 'CLOSED'],
  REFUSED: ['SENDING', 'UNKNOWN'],
  UNANSWERED: ['QUEUED', 'SENDING'],
  CANCELLED: ['QUEUED', 'UNKNOWN'],
  PROVEN: ['UNKNOWN'],
};
export const LEADS_TO = {
  SENDING: 'SENDING',
  REQUEUED: 'QUEUED',
  ACCEPTED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNKNOWN',
  CANCELLED: 'CANCELLED',
  PROVEN: 'ACCEPTED',
} as const satisfies Record<StepType, string>;
/** What a step does to the devices of its carrier request: from which statuses, to which. */
export const MOVES: Partial<Record<StepType, readonly [from: readonly OutcomeStatus[], to: OutcomeStatus]>> = {
  REFUSED: [['PENDING', 'OVERDUE', 'UNKNOWN'], 'REJECTED'],
  UNANSWERED: [['PENDING', 'OVERDUE'], 'UNKNOWN'],
  CANCELLED: [['PENDING', 'OVERDUE', 'UNKNOWN'], 'CANCELLED'],
  ACCEPTED: [['UNKNOWN', 'CANCELLED'], 'PENDING'],
  PROVEN: [['UNKNOWN'], 'PENDING'],
};
export const UNSETTLED: readonly OutcomeStatus[] = ['PENDING', 'OVERDUE', 'UNKNOWN'];

/** @param answered the id with which the carrier itself answers the POST. It wins over another id, and over CANCELLED. */
export function mayBegin({ parts }: PlainRequest, at: number, step: StepType, answered: string | null = null): boolean {
  const part = parts[at];
  if (part && answered !== null) return (BEGINS_AT.ACCEPTED.includes(part.state) || part.state === 'CANCELLED') && part.guid !== answered;
  // A carrier request has one id. A second id is a mistake and changes nothing.
  return part !== undefined && BEGINS_AT[step].includes(part.state) && !(step === 'ACCEPTED' && part.guid !== null);
}

export function newPart(service: string, firstIndex: number, deviceCount: number | null): PlainPart {
  return {
    service,
    firstIndex,
    deviceCount,
    state: 'QUEUED',
    guid: null,
    attempts: 0,
    sentAt: null,
    answeredAt: null,
    error: null,
  };
}
