import type { RequestedDevice } from './request-log.ts';
import { RequestState } from './request-state.ts';
import { toLogEvent, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** A Request's log folded anew from its rows: 40 µs for each. */
export function foldRequest(sql: Statements, pk: number): RequestState {
  const input = sql.inputOf.get(pk) as { devices: string | null };
  const carriers = sql.carriersOf.all(pk) as { first_index: number; device_count: number | null }[];
  const state = new RequestState(
    (sql.requestByPk.get(pk) as { id: string }).id,
    input.devices === null ? null : (JSON.parse(input.devices) as RequestedDevice[]),
    carriers.map(({ first_index, device_count }) => ({ firstIndex: first_index, deviceCount: device_count })),
  );
  for (const row of sql.eventsAfter.iterate(pk, 0, -1)) state.apply(toLogEvent(row as EventRow));
  return state;
}
