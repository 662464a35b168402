/** How often the carrier takes operations of one kind for one line. What it answers beyond that is not documented. */
export interface LineLimit {
  /** The value of the graph's `RequestWarningCode`. All operations with the same limit count together. */
  readonly code: 'LINE_CHANGES' | 'PLAN_CHANGES';
  readonly most: number;
  readonly periodMs: number;
  /** The limit in words. */
  readonly rule: string;
}

const DAY_MS = 86_400_000;

/** Pages "Activate Service", "Suspend Service", "Restore Service" and "Deactivate Service": together, on most accounts. */
export const LINE_CHANGES: LineLimit = {
  code: 'LINE_CHANGES',
  most: 5,
  periodMs: DAY_MS,
  rule: 'Most accounts allow 5 activations, suspensions, restorations and deactivations of a line in a day',
};

/** Page "Change Device Service Plan": a calendar month is taken for 30 days. */
export const PLAN_CHANGES: LineLimit = {
  code: 'PLAN_CHANGES',
  most: 4,
  periodMs: 30 * DAY_MS,
  rule: 'The carrier allows 4 changes of the service plan of a line in a month',
};
