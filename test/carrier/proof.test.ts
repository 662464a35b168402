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

const RECORDS = OPERATION_CASES.flatMap(({ operation, input, provingRecords }) =>
  provingRecords.map(([record, proof, change = {}]) => ({ operation, record, proof, change, input: { ...input, ...change } })),
);

test.each(RECORDS)('$operation.name $change, a record of $record: $proof', ({ operation, input, record, proof }) => {
  const { activatedAfterMs, customFields, deviceIds = [], ...rest } = record;
  const lastActivationAt = activatedAfterMs === undefined ? null : SENT + activatedAfterMs;
  const fields = customFields ? Object.entries(customFields).map(([key, value]) => ({ key, value })) : null;
  const shown = {
    ...NOTHING,
    ...rest,
    customFields: fields,
    lastActivationAt,
    deviceIds: deviceIds.map((each) => ({ ...each, reportedKind: each.kind })),
  };
  const parsed = operation.parse(input);
  const [device = {}] = ('command' in parsed && parsed.command.devices) || [];
  expect(provenBy(operation, input).record(shown, SENT, device)).toBe(proof);
});

const EVENTS = OPERATION_CASES.flatMap(({ operation, input, provingEvents }) =>
  provingEvents.map(([event, proves]) => ({ operation, input, event, proves })),
);

test.each(EVENTS)('$operation.name, a history with $event: $proves', ({ operation, input, event, proves }) => {
  const { occurredAfterMs = 0, ...given } = event;
  const occurredAt = occurredAfterMs === null ? null : SENT + occurredAfterMs;
  const other: HistoryEvent = { ...SUCCESS, type: 'Device Move' };
  expect(provenBy(operation, input).history([other, { ...SUCCESS, ...given, occurredAt }, other], SENT)).toBe(proves);
});

const PROVABLE = OPERATIONS.filter((operation) => operation.provenBy !== 'NOTHING');

test.each(OPERATION_CASES.filter(({ operation }) => PROVABLE.includes(operation)))(
  '$operation.name: no history proves nothing',
  ({ operation, input }) => {
    expect(provenBy(operation, input).history([], SENT)).toBe(false);
  },
);

test('an operation is provable exactly when records and events show what proves it', () => {
  const shown = OPERATION_CASES.filter(({ provingRecords, provingEvents }) => provingRecords.length > 0 && provingEvents.length > 0);
  expect(shown.map(({ operation }) => operation)).toEqual(PROVABLE);
});

function provenBy(operation: Operation, input: object): ProvenBy {
  const { name, provenBy: proof } = operation;
  const parsed = operation.parse(input);
  if (proof === 'NOTHING' || 'faults' in parsed) throw new Error(`Nothing proves ${name}.`);
  return typeof proof === 'function' ? proof(parsed.command.settings) : proof;
}

const NOTHING: DeviceRecord = {
  accountName: null,
  deviceIds: [],
  state: null,
  servicePlan: null,
  ipAddress: null,
  groupNames: [],
  customFields: null,
  isConnected: null,
  createdAt: null,
  lastConnectionAt: null,
  skuNumber: null,
  lastActivationAt: null,
  profileStatus: null,
  costCenterCode: null,
  cursor: null,
  json: {},
};

const SUCCESS: HistoryEvent = { type: 'Activate', status: 'Success', occurredAt: SENT, servicePlan: null, mdn: null, json: {} };
