import type { DeadLetterReason } from '../dead-letter-log.ts';
import type { LogLimits } from '../log-limits.ts';
import type { Statements } from './sqlite-statements.ts';

export type HeldKind = 'UNCLAIMED' | 'FORWARD' | DeadLetterReason;

/** A path of the callback listener. */
export interface Path {
  readonly account: string;
  readonly service: string;
}

/** Whether a path may hold one more message of a kind. Triggers of the store count what it holds, in the transaction that changes it. */
export function hasRoomFor(sql: Statements, limits: LogLimits, { account, service }: Path, kind: HeldKind, bytes: number): boolean {
  const held = readHeld(sql, account, service, kind);
  return held.rows < limits.messages && held.bytes + bytes <= limits.messageBytes;
}

/** Whether the requests of other tools may hold more for an account. */
export function hasRoomForExternal(sql: Statements, limits: LogLimits, account: string): boolean {
  const held = readHeld(sql, account, '', 'EXTERNAL');
  return held.rows < limits.externalRows && held.bytes < limits.externalBytes;
}

function readHeld({ held }: Statements, account: string, service: string, kind: HeldKind | 'EXTERNAL') {
  return (held.get(account, service, kind) as { rows: number; bytes: number } | undefined) ?? { rows: 0, bytes: 0 };
}
