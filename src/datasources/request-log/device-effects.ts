import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { LogEvent, OutcomeChange } from './log-event.ts';
import type { WorkingSet } from './working-set.ts';

/**
 * What a message does to its device. The first verdict wins, also over an answer of the carrier or an expiry. A later one that says
 * the opposite is kept and flagged. Where an eSIM device reports each of its profiles and then itself, the device's own verdict wins.
 * Until there is a verdict, the latest word of the carrier is shown.
 */
export function effectOn(
  set: WorkingSet,
  index: number,
  message: CallbackMessage,
  row: number,
): { readonly kind: LogEvent['kind']; readonly outcome: OutcomeChange } {
  const now = set.device(index) ?? NEW_DEVICE;
  const same = unchanged(index, now);
  if (message.bearing === 'NIDD_CONFIG') return { kind: 'NIDD', outcome: { ...same, niddSeq: row } };
  if (message.bearing === 'PROGRESS') return { kind: 'NOTICE', outcome: now.source === null ? { ...same, finalSeq: row } : same };
  const status = message.succeeded ? 'SUCCEEDED' : 'FAILED';
  if (now.source !== 'CALLBACK' || (now.isSettledByPart && !message.isPart))
    return { kind: 'CALLBACK', outcome: { ...same, status, source: 'CALLBACK', finalSeq: row } };
  if (now.status === status || message.isPart) return { kind: 'REPEAT', outcome: same };
  return { kind: 'CONTRADICTION', outcome: { ...same, contradicted: true } };
}

const NEW_DEVICE = { status: 'PENDING', source: null, finalSeq: 0, niddSeq: 0, contradicted: false, isSettledByPart: false } as const;

export function unchanged(index: number, now: Omit<OutcomeChange, 'index'>): OutcomeChange {
  const { status, source, finalSeq, niddSeq, contradicted } = now;
  return { index, status, source, finalSeq, niddSeq, contradicted };
}
