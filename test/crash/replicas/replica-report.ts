import type { Tally } from '../campaign/tally.ts';

export interface ReplicaReport {
  readonly seed: number;
  readonly acknowledged: number;
  readonly kills: number;
  /** How often each fault was caused. */
  readonly done: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Requests that the carrier has performed. */
  readonly requests: number;
  /** Subscriptions that were resumed by a cursor. */
  readonly resumed: number;
  /** The longest time for which a subscriber that lost its replica heard no other one, while the database was there. */
  readonly slowestResumeMs: number;
  /** Callbacks that failed during a rolling restart. */
  readonly failedInRestarts: number;
  /** The most messages that were seen in all journals together. */
  readonly mostJournalled: number;
  /** The most activations in any 60 s. */
  readonly window: number;
  readonly logins: number;
  readonly refusedLogins: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly tally: Tally;
}

/** The ledger in one line. */
export function replicaLedgerLine(report: ReplicaReport): string {
  const { lost, phantom, double, missing, repeated, disorder } = report.tally.counts;
  const count = (fault: string) => report.done.get(fault) ?? 0;
  return [
    `acked ${report.acknowledged} lost ${lost} phantom ${phantom} double ${double} missing ${missing} repeated ${repeated} disorder ${disorder}`,
    `kills ${report.kills} freezes ${count('freeze')} cut off ${count('cut') + count('half-open') + count('refuse')}`,
    `database crashes ${count('database')} failovers ${count('failover')} rolling restarts ${count('rolling restart')}`,
    `failed in restarts ${report.failedInRestarts} window ${report.window} logins ${report.logins} refused ${report.refusedLogins}`,
    `resumed within ${(report.slowestResumeMs / 1_000).toFixed(1)} s`,
  ].join(' ');
}

/** The lines above the ledger: how the campaign went, and what differs. */
export function describeReplicaReport(report: ReplicaReport): string[] {
  const list = (counts: ReadonlyMap<string, number>) => [...counts].map(([what, count]) => `${what} ${count}`).join(', ') || 'none';
  return [
    `faults: ${list(report.done)}; seen in the journals at once: ${report.mostJournalled}`,
    `requests ${report.requests}, subscriptions resumed ${report.resumed}, answers to callbacks: ${list(report.answers)}; ${report.seconds.toFixed(1)} s`,
    ...report.tally.words,
    ...(report.tally.isClean ? [] : [`NOT CLEAN. Run it again with --seed ${report.seed}.`]),
  ];
}
