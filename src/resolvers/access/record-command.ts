import type { AuditTrail } from '../../datasources/request-log/audit-trail.ts';
import { GatewayError } from '../../errors.ts';

export interface RecordedCommand<Result> {
  /** Who gave it: `admin-listener`, or `command-line` where no gateway runs. */
  readonly caller: string;
  /** For example `keys.create`. */
  readonly action: string;
  readonly work: () => Promise<Result>;
  /** The id of what it was done to; null in place of a result that there is none of. */
  readonly subject?: (result: Result | null) => string | null;
}

/** Does what an operator asks for, and tells of it in the audit log, done or not, before the operator hears of it. */
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
