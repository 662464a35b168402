import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import { GatewayError } from '../../errors.ts';

export interface RecordedCommand<Result> {
  /** Who gave the command: `admin-listener`, or `command-line` when no gateway runs. */
  readonly caller: string;
  /** For example `keys.create`. */
  readonly action: string;
  readonly work: () => Promise<Result>;
  /** Finds the id of what the command changed. The result is null when the command failed. */
  readonly subject?: (result: Result | null) => string | null;
}

/** Runs an operator's command. Whether it succeeds or not, the audit log has it before the operator gets the answer. */
export async function recordCommand<Result>(
  audit: Pick<AuditTrail, 'recordAudit'>,
  { caller, action, work, subject = () => null }: RecordedCommand<Result>,
): Promise<Result> {
  const record = (outcome: string, result: Result | null) =>
    audit.recordAudit([{ caller, action, account: null, devices: null, subject: subject(result), outcome }]);
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    await record(error instanceof GatewayError ? error.code : 'INTERNAL', null);
    throw error;
  }
  await record('DONE', result);
  return result;
}
