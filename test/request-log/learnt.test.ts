import { expect, test } from 'vitest';
import { RequestState } from '../../src/datasources/request-log/request-state.ts';
import { transition } from '../../src/datasources/request-log/transition.ts';
import { evidenceOf } from '../../src/datasources/thingspace/wire/evidence.ts';
import { failureCallback, successCallback } from '../support/callback-samples.ts';

type Ids = readonly (readonly [kind: string, id: string])[];

const ICCID_A = ['ICCID', '89148000000000000001'] as const;
const ICCID_B = ['ICCID', '89148000000000000002'] as const;
const IMEI_A = ['IMEI', '990013900000011'] as const;
const EID = ['EID', '89049032000000000000000000000001'] as const;

/** A request for two devices by ICCID, which the carrier has accepted. */
function requestOfTwo(): RequestState {
  const devices = [ICCID_A, ICCID_B].map(([kind, id]) => ({ deviceIds: [{ kind, id }] }));
  const state = new RequestState('req', devices, [{ firstIndex: 0, deviceCount: 2 }]);
  transition(state, { type: 'STEP', position: 0, step: { type: 'SENDING' } });
  transition(state, { type: 'STEP', position: 0, step: { type: 'ACCEPTED', carrierRequestId: 'r' } });
  return state;
}

/** The carrier tells further identifiers of a device. */
function tell(state: RequestState, index: number, deviceIds: Ids): string[] {
  const { json, message } = evidenceOf('DeviceList', {
    succeeded: false,
    deviceIds: deviceIds.map(([reportedKind, id]) => ({ id, reportedKind })),
  });
  const answer = { service: 'DeviceList', json, message, digest: null, callbackCount: null, receivedAt: 0 };
  return transition(state, { type: 'LEARNT', position: 0, index, answer }).map(({ event }) => event.kind);
}

test('what the carrier tells of a device ties the messages that name it so, and teaches only once', () => {
  const state = requestOfTwo();
  const messages = [failureCallback({ requestId: 'r', ids: [IMEI_A] }), successCallback({ requestId: 'r', ids: [EID] })];
  for (const callback of messages) transition(state, { type: 'CALLBACK', position: 0, callback });
  expect(state.counts).toMatchObject({ PENDING: 2, unmatched: 2 });
  expect(tell(state, 1, [ICCID_B, EID])).toEqual(['LEARNT', 'MATCHED']);
  expect(state.outcomes.map(({ status }) => status)).toEqual(['PENDING', 'SUCCEEDED']);
  expect(tell(state, 1, [ICCID_B, EID])).toEqual([]);
  // The last message is left to elimination, which waits until everything is told.
  transition(state, { type: 'LAPSE', position: 0, into: 'EXPIRED', limit: 10 });
  expect(state.outcomes.map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);
  expect(state.status).toBe('PARTIALLY_FAILED');
});
