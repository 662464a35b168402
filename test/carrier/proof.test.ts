import { expect, test } from 'vitest';
import type { OperationName } from '../../src/operations/operations.ts';
import { CLOCK_SKEW_MS, historyProves, proofOf } from '../../src/operations/proof.ts';
import type { HistoryEvent } from '../../src/datasources/thingspace/wire/device-history.ts';
import type { DeviceRecord } from '../../src/datasources/thingspace/wire/device-list.ts';

const SENT = Date.parse('2026-03-01T09:00:00.700Z');
const EARLIEST = SENT - CLOCK_SKEW_MS;

const RECORDS: readonly (readonly [OperationName, Partial<DeviceRecord>, ReturnType<typeof proofOf>])[] = [
  ['ACTIVATE_DEVICES', { state: 'active', lastActivationAt: SENT + 60_000 }, 'DONE'],
  ['ACTIVATE_DEVICES', { state: 'Active', lastActivationAt: SENT - 700 }, 'DONE'],
  ['ACTIVATE_DEVICES', { state: 'ACTIVE', lastActivationAt: EARLIEST }, 'DONE'],
  ['ACTIVATE_DEVICES', { state: 'active', lastActivationAt: EARLIEST - 1 }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', { state: 'active' }, 'LOOK_CLOSER'],
  ['ACTIVATE_DEVICES', { state: 'pending activation', lastActivationAt: SENT }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', { state: 'pending activation' }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', { state: 'pre-active' }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', { state: 'deactive', lastActivationAt: SENT }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', { state: 'suspend', lastActivationAt: SENT }, 'NOT_YET'],
  ['ACTIVATE_DEVICES', {}, 'NOT_YET'],
  ['RESUME_PROFILE', { state: 'active', profileStatus: 'ENABLE' }, 'DONE'],
  ['RESUME_PROFILE', { state: 'Active', profileStatus: 'Enabled' }, 'DONE'],
  ['RESUME_PROFILE', { state: 'active' }, 'LOOK_CLOSER'],
  ['RESUME_PROFILE', { state: 'active', profileStatus: 'DISABLE' }, 'NOT_YET'],
  ['RESUME_PROFILE', { state: 'active', profileStatus: 'DOWNLOAD_ENABLE' }, 'NOT_YET'],
  ['RESUME_PROFILE', { state: 'suspend', profileStatus: 'ENABLE' }, 'NOT_YET'],
  ['RESUME_PROFILE', { state: 'suspend' }, 'NOT_YET'],
  ['RESUME_PROFILE', { profileStatus: 'ENABLE' }, 'NOT_YET'],
  ['RENEW_ACTIVATION_CODE', { state: 'active', lastActivationAt: SENT, profileStatus: 'ENABLE' }, 'NOT_YET'],
  ['RENEW_ACTIVATION_CODE', { state: 'deactive' }, 'NOT_YET'],
];

test.each(RECORDS)('%s, a record of %j: %s', (operation, record, proof) => {
  expect(proofOf(operation, { ...NOTHING, ...record }, SENT)).toBe(proof);
});

const EVENTS: readonly (readonly [OperationName, Partial<HistoryEvent>, boolean])[] = [
  ['ACTIVATE_DEVICES', { type: 'Activation Confirmed' }, true],
  ['ACTIVATE_DEVICES', { type: 'Activate' }, true],
  ['ACTIVATE_DEVICES', { type: 'ACTIVATE', status: 'SUCCESS' }, true],
  ['ACTIVATE_DEVICES', { type: 'Activate', occurredAt: EARLIEST }, true],
  ['ACTIVATE_DEVICES', { type: 'Activate', occurredAt: EARLIEST - 1 }, false],
  ['ACTIVATE_DEVICES', { type: 'Activate', occurredAt: null }, false],
  ['ACTIVATE_DEVICES', { type: 'Activate', status: 'Failed' }, false],
  ['ACTIVATE_DEVICES', { type: 'Activate', status: null }, false],
  ['ACTIVATE_DEVICES', { type: 'Deactivate' }, false],
  ['ACTIVATE_DEVICES', { type: 'Reactivate' }, false],
  ['ACTIVATE_DEVICES', { type: 'Restore' }, false],
  ['ACTIVATE_DEVICES', { type: null }, false],
  ['RESUME_PROFILE', { type: 'Activate' }, false],
  ['RESUME_PROFILE', { type: 'Restore' }, false],
  ['RENEW_ACTIVATION_CODE', { type: 'Activate' }, false],
];

test.each(EVENTS)('%s, a history with %j: %s', (operation, event, proves) => {
  const other: HistoryEvent = { ...SUCCESS, type: 'Device Move' };
  expect(historyProves(operation, [other, { ...SUCCESS, ...event }, other], SENT)).toBe(proves);
});

test('no history proves nothing', () => {
  expect(historyProves('ACTIVATE_DEVICES', [], SENT)).toBe(false);
});

const NOTHING: DeviceRecord = {
  deviceIds: [],
  state: null,
  servicePlan: null,
  ipAddress: null,
  groupNames: [],
  lastActivationAt: null,
  profileStatus: null,
  cursor: null,
  json: {},
};

const SUCCESS: HistoryEvent = { type: 'Activate', status: 'Success', occurredAt: SENT, servicePlan: null, mdn: null, json: {} };
