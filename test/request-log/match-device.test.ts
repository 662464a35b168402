import { expect, test } from 'vitest';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import { evidenceOf } from '../../src/datasources/thingspace/wire/evidence.ts';
import { failureCallback, niddCallback, pendingCallback, successCallback } from '../support/callback-samples.ts';
import { RequestInMemory } from '../support/rows-in-memory.ts';

type Ids = readonly (readonly [kind: string, id: string])[];

const ICCID_A = ['ICCID', '89148000000000000001'] as const;
const ICCID_B = ['ICCID', '89148000000000000002'] as const;
const IMEI_A = ['IMEI', '990013900000011'] as const;
const IMEI_B = ['IMEI', '990013900000029'] as const;
const EID = ['EID', '89049032000000000000000000000001'] as const;
const OTHER_ICCID = ['ICCID', '89148000000000000099'] as const;

const ok = (ids: Ids, learnt: Ids = []) => successCallback({ requestId: 'r', ids, learnt });
const failed = (ids: Ids) => failureCallback({ requestId: 'r', ids });
const nidd = (ids: Ids, status?: string) => niddCallback({ requestId: 'r', ids }, status);

interface Case {
  readonly what: string;
  readonly devices: readonly Ids[] | null;
  readonly messages: readonly IncomingCallback[];
  readonly outcomes: readonly string[];
  readonly status: string;
  readonly unmatched?: number;
  /** Indexes of the outcomes that have a NIDD message. */
  readonly nidd?: readonly number[];
}

const CASES: readonly Case[] = [
  {
    what: 'ICCID, whatever the casing of its kind',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([['iccId', ICCID_A[1]]]), failed([['Iccid', ICCID_B[1]]])],
    outcomes: ['SUCCEEDED', 'FAILED'],
    status: 'PARTIALLY_FAILED',
  },
  {
    what: 'an IMEI of 14, 15 or 16 digits',
    devices: [[IMEI_A], [IMEI_B]],
    messages: [ok([['imei', IMEI_A[1].slice(0, 14)]]), ok([['Imei', `${IMEI_B[1]}7`]])],
    outcomes: ['SUCCEEDED', 'SUCCEEDED'],
    status: 'SUCCEEDED',
  },
  {
    what: 'an MDN requested, its MSISDN reported',
    devices: [[['MDN', '5096306081']], [['MDN', '5096306082']]],
    messages: [ok([['msisdn', '15096306082']])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'a nested identifier when the top level has none',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([], [ICCID_B])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'the ICCID before the IMEI, when both are known and point to different devices',
    devices: [
      [ICCID_A, IMEI_A],
      [ICCID_B, IMEI_B],
    ],
    messages: [ok([IMEI_B, ICCID_A])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'not an IMEI whose ICCID disagrees: kept, not guessed',
    devices: [
      [ICCID_A, IMEI_A],
      [ICCID_B, IMEI_B],
    ],
    messages: [ok([OTHER_ICCID, IMEI_A])],
    outcomes: ['PENDING', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  {
    what: 'one of several profiles of an EID by its ICCID',
    devices: [
      [EID, ICCID_A],
      [EID, ICCID_B],
    ],
    messages: [ok([EID, ICCID_B])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'nobody, when an EID alone could mean two profiles',
    devices: [
      [EID, ICCID_A],
      [EID, ICCID_B],
    ],
    messages: [ok([EID])],
    outcomes: ['PENDING', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  { what: 'the only device, by elimination', devices: [[ICCID_A]], messages: [ok([IMEI_A])], outcomes: ['SUCCEEDED'], status: 'SUCCEEDED' },
  {
    what: 'the last open device, by elimination, once the others have reported',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [failed([['EID', EID[1]]]), ok([ICCID_A])],
    outcomes: ['SUCCEEDED', 'FAILED'],
    status: 'PARTIALLY_FAILED',
  },
  {
    what: 'nobody by elimination when a lasting identifier disagrees: it waits until the carrier has been asked',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([ICCID_A]), ok([OTHER_ICCID])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  {
    what: 'a NIDD message by an IMEI learnt from the first message',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([ICCID_A], [IMEI_A]), nidd([EID, IMEI_A])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
    nidd: [0],
  },
  {
    what: 'a NIDD message that came first, tied when the first message teaches its IMEI',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [nidd([EID, IMEI_A]), ok([ICCID_A], [IMEI_A])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
    nidd: [0],
  },
  {
    what: 'a NIDD failure without touching status or end',
    devices: [[ICCID_A]],
    messages: [ok([ICCID_A]), nidd([EID], 'ConfigCreationFailed')],
    outcomes: ['SUCCEEDED'],
    status: 'SUCCEEDED',
    nidd: [0],
  },
  {
    what: 'a NIDD message before the result without ending anything',
    devices: [[ICCID_A]],
    messages: [nidd([EID])],
    outcomes: ['PENDING'],
    status: 'IN_PROGRESS',
    nidd: [0],
  },
  {
    what: 'Pending, which settles nothing',
    devices: [[ICCID_A]],
    messages: [pendingCallback({ requestId: 'r', ids: [ICCID_A] })],
    outcomes: ['PENDING'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'each device nobody named, where only the carrier knows them',
    devices: null,
    messages: [ok([ICCID_A]), failed([ICCID_B]), ok([ICCID_A, IMEI_A])],
    outcomes: ['SUCCEEDED', 'FAILED'],
    status: 'IN_PROGRESS',
  },
];

test.each(CASES)('a callback means $what', ({ devices, messages, outcomes, status, unmatched, nidd: withNidd }) => {
  const state = stateOf(devices);
  for (const callback of messages) state.change({ type: 'CALLBACK', position: 0, callback });
  expect(state.outcomes.map((outcome) => outcome.status)).toEqual(outcomes);
  expect(state.state.status).toBe(status);
  expect(state.state.counts.unmatched).toBe(unmatched ?? 0);
  expect(state.outcomes.flatMap((outcome, index) => (outcome.niddSeq > 0 ? [index] : []))).toEqual(withNidd ?? []);
  const { unmatched: _kept, ...counts } = state.state.counts;
  expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(state.outcomes.length);
});

test('the first final result stands; a contradiction is kept and flagged, a repetition changes nothing', () => {
  const state = stateOf([[ICCID_A], [ICCID_B]]);
  state.change({ type: 'CALLBACK', position: 0, callback: ok([ICCID_A]) });
  expect(state.change({ type: 'CALLBACK', position: 0, callback: ok([ICCID_A, IMEI_A]) }).map(({ event }) => event.kind)).toEqual([
    'REPEAT',
  ]);
  expect(state.outcomes[0]).toMatchObject({ status: 'SUCCEEDED', contradicted: false });
  expect(state.change({ type: 'CALLBACK', position: 0, callback: failed([ICCID_A]) }).map(({ event }) => event.kind)).toEqual([
    'CONTRADICTION',
  ]);
  expect(state.outcomes[0]).toMatchObject({ status: 'SUCCEEDED', contradicted: true });
});

test('a late result corrects a device that had expired', () => {
  const state = stateOf([[ICCID_A], [ICCID_B]]);
  for (const callback of [ok([ICCID_A]), ok([OTHER_ICCID])]) state.change({ type: 'CALLBACK', position: 0, callback });
  state.change({ type: 'LAPSE', position: 0, into: 'EXPIRED', from: 0, limit: 10 });
  expect(state.outcomes.map(({ status }) => status)).toEqual(['SUCCEEDED', 'EXPIRED', 'SUCCEEDED']);
  state.change({ type: 'CALLBACK', position: 0, callback: ok([ICCID_B]) });
  expect(state.outcomes[1]?.status).toBe('SUCCEEDED');
  expect(state.state.status).toBe('SUCCEEDED');
});

test('only the last row of a change has the terminal status that the change leads to', () => {
  const state = stateOf([[ICCID_A], [ICCID_B]]);
  state.change({ type: 'CALLBACK', position: 0, callback: failed([['EID', EID[1]]]) });
  const rows = state.change({ type: 'CALLBACK', position: 0, callback: ok([ICCID_A]) });
  expect(rows.map(({ event, status }) => [event.kind, status])).toEqual([
    ['CALLBACK', 'IN_PROGRESS'],
    ['MATCHED', 'PARTIALLY_FAILED'],
  ]);
  const refused = stateOf([[ICCID_A], [ICCID_B]], false);
  const steps = refused.change({ type: 'STEP', position: 0, step: { type: 'REFUSED', error: { code: 'x', message: 'y' } } });
  expect(steps.map(({ event, status }) => [event.kind, status])).toEqual([
    ['REFUSED', 'SUBMITTING'],
    ['SETTLED', 'SUBMITTING'],
    ['SETTLED', 'REJECTED'],
  ]);
});

test('10,000 messages that name devices by identifiers we learn only later are kept, and each is tied once its device is known', () => {
  const numbers = Array.from({ length: 10_000 }, (_, at) => String(at).padStart(6, '0'));
  const eid = (number: string) => ['EID', `89049032000000000000000000${number}`] as const;
  const state = stateOf(numbers.map((number) => [['ICCID', `89148000000000${number}`]]));
  // The cost of a message must not grow with the number that wait: to try all of them at each message took hours.
  for (const number of numbers) state.change({ type: 'CALLBACK', position: 0, callback: nidd([eid(number)]) });
  expect(state.state.counts).toMatchObject({ PENDING: 10_000, unmatched: 10_000 });
  for (const number of numbers.toReversed())
    state.change({ type: 'CALLBACK', position: 0, callback: ok([['ICCID', `89148000000000${number}`]], [eid(number)]) });
  expect(state.state.counts).toMatchObject({ SUCCEEDED: 10_000, unmatched: 0 });
  // The rows of the NIDD messages, which came in the order of the devices, after SENDING and ACCEPTED.
  expect(state.outcomes.findIndex(({ niddSeq }, at) => niddSeq !== at + 3)).toBe(-1);
});

function stateOf(devices: readonly Ids[] | null, accepted = true): RequestInMemory {
  const requested = devices && devices.map((ids) => ({ deviceIds: ids.map(([kind, id]) => ({ kind, id })) }));
  const state = new RequestInMemory(requested);
  state.change({ type: 'STEP', position: 0, step: { type: 'SENDING' } });
  if (accepted) state.change({ type: 'STEP', position: 0, step: { type: 'ACCEPTED', carrierRequestId: 'r' } });
  return state;
}

/** The carrier tells further identifiers of a device. */
function tell(state: RequestInMemory, index: number, deviceIds: readonly (readonly [kind: string, id: string])[]): string[] {
  const { json, message } = evidenceOf('DeviceList', {
    succeeded: false,
    deviceIds: deviceIds.map(([reportedKind, id]) => ({ id, reportedKind })),
  });
  const answer = { service: 'DeviceList', json, message, digest: null, callbackCount: null, receivedAt: 0 };
  return state.change({ type: 'LEARNT', position: 0, index, answer }).map(({ event }) => event.kind);
}

test('what the carrier tells of a device ties the messages that name it so, and teaches only once', () => {
  const state = stateOf([[ICCID_A], [ICCID_B]]);
  for (const callback of [failed([IMEI_A]), ok([['EID', EID[1]]])]) state.change({ type: 'CALLBACK', position: 0, callback });
  expect(state.state.counts).toMatchObject({ PENDING: 2, unmatched: 2 });
  expect(tell(state, 1, [ICCID_B, ['EID', EID[1]]])).toEqual(['LEARNT', 'MATCHED']);
  expect(state.outcomes.map(({ status }) => status)).toEqual(['PENDING', 'SUCCEEDED']);
  expect(tell(state, 1, [ICCID_B, ['EID', EID[1]]])).toEqual([]);
  // The last message is left to elimination, which waits until everything is told.
  state.change({ type: 'LAPSE', position: 0, into: 'EXPIRED', from: 0, limit: 10 });
  expect(state.outcomes.map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);
  expect(state.state.status).toBe('PARTIALLY_FAILED');
});
