import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DeviceSummary, OutcomeReads } from '../../datasources/request-log/outcome-reads.ts';

/** Messages that are read before other work has its turn. They take about 10 ms. */
const MESSAGES_A_TURN = 300;

/** Reads what pages by fault or by search need, in turns. */
export async function prepareOutcomes(outcomes: Pick<OutcomeReads, 'prepare'>, requestId: string, of: 'FAILED' | 'ALL'): Promise<void> {
  while (!(await outcomes.prepare(requestId, of, MESSAGES_A_TURN))) await nextTurn();
}

/** The devices that are FAILED or REJECTED now, each FAILED one with its fault. */
export async function readFailedDevices(
  outcomes: Pick<OutcomeReads, 'prepare' | 'devices'>,
  requestId: string,
): Promise<readonly DeviceSummary[]> {
  await prepareOutcomes(outcomes, requestId, 'FAILED');
  return outcomes.devices(requestId, ['FAILED', 'REJECTED']);
}

export interface FaultCount {
  readonly code: string;
  /** Of the first device with the code. */
  readonly message: string;
  readonly count: number;
}

/** A carrier has some dozens of codes. More than this can only be codes that it makes up. */
export const MAX_CODES = 100;

/** Failed devices by their fault code, most frequent first, then by code. */
export function countFaults(failed: readonly DeviceSummary[]): readonly FaultCount[] {
  const counts = new Map<string, { code: string; message: string; count: number }>();
  for (const { fault } of failed) {
    if (!fault) continue;
    const known = counts.get(fault.code);
    if (known) known.count++;
    else counts.set(fault.code, { ...fault, count: 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)).slice(0, MAX_CODES);
}
