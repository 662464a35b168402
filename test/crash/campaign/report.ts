import type { Ending } from './campaign-options.ts';
import type { Tally } from './tally.ts';

export interface CampaignReport {
  readonly seed: number;
  readonly acknowledged: number;
  readonly kills: number;
  readonly killed: ReadonlyMap<Ending, number>;
  /** How many crashes hit a mutation at this point. */
  readonly met: ReadonlyMap<string, number>;
  /** The duration of the whole campaign, including the audit. */
  readonly seconds: number;
  /** Requests that the carrier has performed. */
  readonly requests: number;
  /** Subscriptions that were resumed by a cursor. */
  readonly resumed: number;
  /** Bytes written to the store's files that were lost, because no sync had made them durable. */
  readonly lostBytes: number;
  /** Answers to callbacks, by status. */
  readonly answers: ReadonlyMap<string, number>;
  readonly tally: Tally;
}

/** The ledger in one line. */
export function ledgerLine({ acknowledged, kills, tally: { counts } }: CampaignReport): string {
  const { lost, phantom, double, missing, repeated, disorder } = counts;
  return `acked ${acknowledged} lost ${lost} phantom ${phantom} double ${double} missing ${missing} repeated ${repeated} disorder ${disorder} kills ${kills}`;
}

/** The lines above the ledger: how the campaign went, and what differs. */
export function describeReport(report: CampaignReport): string[] {
  const list = (counts: ReadonlyMap<string, number>) => [...counts].map(([what, count]) => `${what} ${count}`).join(', ') || 'none';
  return [
    `killed: ${list(report.killed)}; power cuts took ${report.lostBytes} unsynced bytes`,
    `crashes that met a mutation: ${list(report.met)}`,
    `requests ${report.requests}, subscriptions resumed ${report.resumed}, answers to callbacks: ${list(report.answers)}; ${report.seconds.toFixed(1)} s`,
    ...report.tally.words,
    ...(report.tally.isClean ? [] : [`NOT CLEAN. Run it again with --seed ${report.seed}.`]),
  ];
}
