import { expect, test } from 'vitest';
import type { Operation } from '../../src/operations/define-operation.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { CLOCK_SKEW_MS, type ProvenBy } from '../../src/operations/proof.ts';
import type { HistoryEvent } from '../../src/datasources/thingspace/wire/device-history.ts';
import type { DeviceRecord } from '../../src/datasources/thingspace/wire/device-list.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';

const SENT = Date.parse('2026-03-01T09:00:00.700Z');

test('the carrier’s dates may lie half a minute before the sending', () => {
  expect(CLOCK_SKEW_MS).toBe(30_000);
});

const RECORDS = OPERATION_CASES.flatMap(({ operation, provingRecords }) =>
  provingRecords.map(([record, proof]) => ({ operation, record, proof })),
);

test.each(RECORDS)('$operation.name, a record of $record: $proof', ({ operation, record: { activatedAfterMs, ...record }, proof }) => {
  const lastActivationAt = activatedAfterMs === undefined ? null : SENT + activatedAfterMs;
  expect(provenBy(operation).record({ ...NOTHING, ...record, lastActivationAt }, SENT)).toBe(proof);
});

const EVENTS = OPERATION_CASES.flatMap(({ operation, provingEvents }) =>
  provingEvents.map(([event, proves]) => ({ operation, event, proves })),
);

test.each(EVENTS)('$operation.name, a history with $event: $proves', ({ operation, event: { occurredAfterMs = 0, ...given }, proves }) => {
  const occurredAt = occurredAfterMs === null ? null : SENT + occurredAfterMs;
  const other: HistoryEvent = { ...SUCCESS, type: 'Device Move' };
  expect(provenBy(operation).history([other, { ...SUCCESS, ...given, occurredAt }, other], SENT)).toBe(proves);
});

const PROVABLE = OPERATIONS.filter((operation) => operation.provenBy !== 'NOTHING');

test.each(PROVABLE)('$name: no history proves nothing', (operation) => {
  expect(provenBy(operation).history([], SENT)).toBe(false);
});

test('an operation is provable exactly when records and events show what proves it', () => {
  const shown = OPERATION_CASES.filter(({ provingRecords, provingEvents }) => provingRecords.length > 0 && provingEvents.length > 0);
  expect(shown.map(({ operation }) => operation)).toEqual(PROVABLE);
});

function provenBy({ name, provenBy: proof }: Operation): ProvenBy {
  if (proof === 'NOTHING') throw new Error(`Nothing proves ${name}.`);
  return proof;
}

const NOTHING: DeviceRecord = {
  accountName: null,
  deviceIds: [],
  state: null,
  servicePlan: null,
  ipAddress: null,
  groupNames: [],
  customFields: [],
  isConnected: null,
  createdAt: null,
  lastConnectionAt: null,
  costCenterCode: null,
  skuNumber: null,
  lastActivationAt: null,
  profileStatus: null,
  cursor: null,
  json: {},
};

const SUCCESS: HistoryEvent = { type: 'Activate', status: 'Success', occurredAt: SENT, servicePlan: null, mdn: null, json: {} };
