import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isTerminal } from '../../../src/datasources/request-log/stored-request.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { incomingOf } from './carrier-message.ts';
import { driveSqlite } from './driven-sqlite.ts';
import { strangeGuid } from './fleet.ts';
import { freeMessage, freeRequest } from './free-inputs.ts';
import { plantedSource } from './log-source.ts';
import { SMALL_STEPS } from './small-memory.ts';
import type { Edit } from '../../support/planted-tree.ts';

const ICCIDS = ['1', '2'].map((n) => ({ kind: 'ICCID', id: `8914800000000000000${n}` }));
const STRANGERS = ['4', '5', '6'].map((n) => ({ kind: 'IMEI', id: `9900139000000${n}5` }));
const ENDS_AT_ONCE: Edit = { file: 'datasources/request-log/request-state.ts', find: 'if (this.owes) return;', replace: '' };

test('results of devices that nobody named are tied in steps of their own, and the Request ends with the last of them', async () => {
  expect(await rowsOf(SMALL_STEPS)).toEqual([...Array.from({ length: 10 }, () => false), true]);
});

test('planted bug: a step that owes something ends the request at once', async () => {
  expect((await rowsOf([...SMALL_STEPS, ENDS_AT_ONCE])).slice(-3)).toEqual([true, true, true]);
});

test('a full disk stops these steps only as long as it is full', async () => {
  expect(await rowsOf(SMALL_STEPS, { isFull: true })).toEqual([...Array.from({ length: 10 }, () => false), true]);
});

/** Whether the Request is at its end with each of its rows. */
async function rowsOf(edits: readonly Edit[], { isFull = false } = {}): Promise<boolean[]> {
  await using folder = await tempFolder();
  await using source = await plantedSource(edits);
  await using store = await driveSqlite(source, `${folder.path}/store`);
  const devices = ICCIDS.map((each) => [each]);
  const { id } = await store.log.create(freeRequest(1, { type: 'submit', account: 0, devices, isSplit: false, guid: 0 }, store.now));
  await store.log.step(id, 0, { type: 'SENDING' });
  await store.log.step(id, 0, { type: 'ACCEPTED', carrierRequestId: strangeGuid(0) });
  for (const named of [...STRANGERS, ...ICCIDS]) {
    const message = { type: 'callback', guid: 0, says: 'SUCCESS', number: 0, account: 0, service: 0 } as const;
    await store.log.append(incomingOf(source, freeMessage({ ...message, top: [named], nested: [] }, store.now)));
  }
  // Nothing else is asked of the log.
  const isDone = async () => (await store.log.requests([id])).get(id)?.progress.unmatched === 0;
  if (isFull) {
    store.breakAfter(0);
    for (let turns = 0; turns < 20; turns++) await nextTurn();
    expect(await isDone()).toBe(false);
    await store.mend();
  }
  while (!(await isDone())) await nextTurn();
  return await store.copied((_log, { events }) => Promise.resolve(events.map(({ request_status: status }) => isTerminal(status))));
}
