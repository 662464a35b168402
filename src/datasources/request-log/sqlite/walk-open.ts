import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestStatus } from '../stored-request.ts';
import type { GroupCommit } from './group-commit.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

export interface OpenRequest {
  readonly status: RequestStatus;
  readonly pk: number;
  /** How many of its devices are OVERDUE. */
  readonly overdue: number;
}

/** Reads the open Requests in parts, and callbacks are taken in between. One whose status changes meanwhile may be missed or come twice. */
export async function* walkOpen({ openRequests }: Pick<Statements, 'openRequests'>, commits: GroupCommit): AsyncGenerator<OpenRequest[]> {
  let after: readonly [string, number] | null = ['', 0];
  while (after) {
    const [status, pk]: readonly [string, number] = after;
    const rows = await commits.read((): OpenRequest[] => openRequests.all(status, pk) as RowOf<OpenRequest>[]);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    after = last ? [last.status, last.pk] : null;
    if (after) await nextTurn();
  }
}
