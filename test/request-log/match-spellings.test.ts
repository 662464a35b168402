import { expect, test } from 'vitest';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import { failureCallback, niddCallback, successCallback } from '../support/callback-samples.ts';
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
const nidd = (ids: Ids) => niddCallback({ requestId: 'r', ids });

interface Case {
  readonly what: string;
  readonly devices: readonly Ids[];
  readonly messages: readonly IncomingCallback[];
  readonly outcomes: readonly string[];
  readonly status: string;
  readonly unmatched?: number;
  /** Indexes of the outcomes that have a NIDD message. */
  readonly nidd?: readonly number[];
}

const CASES: readonly Case[] = [
  {
    what: 'one of two IMEIs that differ in the check digit only, by all its digits',
    devices: [[['IMEI', '990013900000011']], [['IMEI', '990013900000012']]],
    messages: [ok([['imei', '990013900000012']])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'nobody, when an IMEI of 14 digits fits two of 15',
    devices: [[['IMEI', '990013900000011']], [['IMEI', '990013900000012']]],
    messages: [ok([['imei', '99001390000001']])],
    outcomes: ['PENDING', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  {
    what: 'an ICCID of 19 digits, reported with its padding, beside an equal IMEI',
    devices: [
      [['ICCID', '8914800000000000001'], IMEI_A],
      [['ICCID', '8914800000000000002'], IMEI_B],
    ],
    messages: [ok([['iccId', '8914800000000000001F'], IMEI_A]), failed([['Iccid', '8914800000000000002f']])],
    outcomes: ['SUCCEEDED', 'FAILED'],
    status: 'PARTIALLY_FAILED',
  },
  {
    what: 'an ICCID of 20 digits, reported with its first 19, and the other way round',
    devices: [[['ICCID', '89148000000000000011']], [['ICCID', '8914800000000000002']], [ICCID_B]],
    messages: [ok([['iccId', '8914800000000000001']]), ok([['iccId', '89148000000000000027']])],
    outcomes: ['SUCCEEDED', 'SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'nobody, when an ICCID of 19 digits fits two of 20: kept, not guessed',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([['iccId', ICCID_A[1].slice(0, 19)]])],
    outcomes: ['PENDING', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  {
    what: 'the one with the same IMEI, when an ICCID of 19 digits fits two of 20',
    devices: [
      [ICCID_A, IMEI_A],
      [ICCID_B, IMEI_B],
    ],
    messages: [ok([['iccId', ICCID_A[1].slice(0, 19)], IMEI_B])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'one of two ICCIDs of 20 digits, when the message has it with 19 digits too',
    devices: [[ICCID_A], [ICCID_B]],
    messages: [ok([['iccId', ICCID_A[1].slice(0, 19)]], [ICCID_B])],
    outcomes: ['PENDING', 'SUCCEEDED'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'not a device that is known in full by another ICCID of the same first 19 digits',
    devices: [[['ICCID', ICCID_A[1].slice(0, 19)]], [OTHER_ICCID]],
    messages: [ok([ICCID_A]), ok([ICCID_B])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
    unmatched: 1,
  },
  {
    what: 'a message that came first under 19 digits, tied when the device learns all 20',
    devices: [[IMEI_A], [IMEI_B]],
    messages: [nidd([['ICCID', ICCID_A[1].slice(0, 19)]]), ok([IMEI_A], [ICCID_A])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
    nidd: [0],
  },
  {
    what: 'an EID in small letters',
    devices: [[['EID', '8904903200000000000000000000000A']], [EID]],
    messages: [ok([['eid', '8904903200000000000000000000000a']])],
    outcomes: ['SUCCEEDED', 'PENDING'],
    status: 'IN_PROGRESS',
  },
  {
    what: 'a MEID in decimal digits, an ESN in hexadecimal ones',
    devices: [[['MEID', 'A100000092954E']], [['ESN', '12813934847']]],
    messages: [failed([['meid', '270113177609606478']]), ok([['esn', '80D4A0FF']])],
    outcomes: ['FAILED', 'SUCCEEDED'],
    status: 'PARTIALLY_FAILED',
  },
];

test.each(CASES)('a callback means $what', ({ devices, messages, outcomes, status, unmatched = 0, nidd: withNidd = [] }) => {
  const requested = devices.map((ids) => ({ deviceIds: ids.map(([kind, id]) => ({ kind, id })) }));
  const state = new RequestInMemory(requested);
  state.change({ type: 'STEP', position: 0, step: { type: 'SENDING' } });
  state.change({ type: 'STEP', position: 0, step: { type: 'ACCEPTED', carrierRequestId: 'r' } });
  for (const callback of messages) state.change({ type: 'CALLBACK', position: 0, callback });
  expect(state.outcomes.map((outcome) => outcome.status)).toEqual(outcomes);
  expect([state.state.status, state.state.counts.unmatched]).toEqual([status, unmatched]);
  expect(state.outcomes.flatMap(({ niddSeq }, index) => (niddSeq > 0 ? [index] : []))).toEqual(withNidd);
});
