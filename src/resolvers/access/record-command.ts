import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import { GatewayError } from '../../errors.ts';

export interface RecordedCommand<Result> {
  /** Who gave the command: a caller, `admin-listener`, or `command-line` when no gateway runs. */
  readonly caller: string;
  /** For example `keys.create`. */
  readonly action: string;
  /** The one account that it is about. */
  readonly account?: string;
  readonly devices?: number;
  readonly work: () => Promise<Result>;
  /** Finds the id of what the command changed. The result is null when the command failed. */
  readonly subject?: (result: Result | null) => string | null;
  /** The word for a result; `DONE` by default. */
  readonly outcome?: (result: Result) => string;
}

/** Runs a command. Whether it succeeds or not, the audit log has it before whoever gave it gets the answer. */
export async function recordCommand<Result>(
  audit: Pick<AuditTrail, 'recordAudit'>,
  { caller, action, account, devices, work, subject = () => null, outcome: wordFor = () => 'DONE' }: RecordedCommand<Result>,
): Promise<Result> {
  const record = (outcome: string, result: Result | null) =>
    audit.recordAudit([{ caller, action, account: account ?? null, devices: devices ?? null, subject: subject(result), outcome }]);
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await record(error instanceof GatewayError ? error.code : 'INTERNAL', null);
    throw error;
  }
  await record(wordFor(result), result);
  return result;
}
