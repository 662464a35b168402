import { expect, test } from 'vitest';
import type { DeadLetter } from '../../src/datasources/request-log/dead-letter-log.ts';
import { RequestManager } from '../../src/resolvers/requests/manage-request.ts';
import { callerWith } from '../support/caller-with.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ask } from './support/ask.ts';
import { storeOf } from '../support/flat-store.ts';
import { countStatements } from '../support/count-statements.ts';

const MISSING = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const CARRIER_ID = '0d2c7c1a-0000-4000-8000-3a5b0a7d1c11';

test.each([
  ['request, by its id', 'query ($v: ID!) { request(id: $v) { id } }', (id: string) => `req_${id}`],
  [
    'request, by the carrier’s id',
    'query ($v: ID!) { request(id: $v) { id outcomes { nodes { id } } } }',
    (id: string) => (id === MISSING ? 'none' : CARRIER_ID),
  ],
  [
    'node, of a request',
    'query ($v: ID!) { node(id: $v) { id ... on Request { outcomes { nodes { id } } } } }',
    (id: string) => `req_${id}`,
  ],
  ['node, of an outcome', 'query ($v: ID!) { node(id: $v) { id } }', (id: string) => `out_${id}_0`],
  ['requestStatus', 'subscription ($v: ID!) { requestStatus(requestId: $v) { cursor outcomes { id } } }', (id: string) => `req_${id}`],
])('another account’s takes the store as much work as what does not exist: %s', async (_what, query, idOf) => {
  await using doors = await openGraphqlDoors({ caller: callerWith({ 'account-2': ['read'] }) });
  const { requestLog, url } = doors;
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await requestLog.create(request);
  await requestLog.step(request.id, 0, { type: 'SENDING' });
  await requestLog.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: CARRIER_ID });
  const work = async (id: string) => {
    const before = countStatements();
    const { text } = await ask(
      url,
      null,
      { query, variables: { v: idOf(id) } },
      query.startsWith('query') ? 'application/json' : 'text/event-stream',
    );
    return { text, statements: countStatements() - before };
  };
  const foreign = await work(request.id.slice('req_'.length));
  expect(foreign).toEqual(await work(MISSING));
  expect(foreign.statements).toBe(1);
});

const CALLER = callerWith({ 'account-2': ['read', 'write', 'admin'] });

test.each([
  ['checkNow', (manager: RequestManager, requestId: string) => manager.checkNow(CALLER, requestId)],
  ['cancelRequest', (manager: RequestManager, requestId: string) => manager.cancel(CALLER, requestId)],
  [
    'resolveUnknownRequest',
    (manager: RequestManager, requestId: string) =>
      manager.resolveUnknown(CALLER, { requestId, position: null, carrierRequestId: CARRIER_ID, neverArrived: false }),
  ],
  [
    'retryFailedDevices',
    (manager: RequestManager, requestId: string) =>
      manager.retryFailed(CALLER, requestId, { clientReference: 'r', idempotencyKey: 'k', validateOnly: false }),
  ],
])('a mutation of another account’s takes as much work as of what does not exist: %s', async (_what, mutate) => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/gateway.sqlite`);
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await log.create(request);
  const manager = new RequestManager({
    store: storeOf(log),
    submitter: null as never,
    sender: null as never,
    reconciler: null as never,
    session: null as never,
  });
  const work = async (id: string) => {
    const before = countStatements();
    const result = await mutate(manager, id);
    const [audited] = (await log.auditEntries({ accounts: null, caller: null }, null, 1)).rows;
    return { result, statements: countStatements() - before, audited: { ...audited, id: null, at: null } };
  };
  const foreign = await work(request.id);
  expect(foreign).toEqual(await work(`req_${MISSING}`));
  expect(foreign).toMatchObject({ statements: 1, audited: { account: null, subject: null, outcome: 'NOT_FOUND' } });
});

test('a dead letter of another account is not read, however long it is', async () => {
  const given: unknown[] = [];
  await using doors = await openGraphqlDoors({
    caller: CALLER,
    faulty: (log) =>
      new Proxy(log, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (name !== 'deadLettersById') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
          return async (...asked: Parameters<typeof log.deadLettersById>) => {
            const found = await log.deadLettersById(...asked);
            given.push(...found.values());
            return found;
          };
        },
      }),
  });
  const { requestLog, url } = doors;
  const message = (account: string): DeadLetter => {
    const body = Buffer.alloc(50_000, account);
    return { account, service: 'CarrierService', receivedAt: 1, reason: 'UNREADABLE', contentType: null, body };
  };
  for (const account of ['account-1', 'account-2']) await requestLog.keep(message(account), 10);
  const [theirs, mine] = (await requestLog.deadLetters({ accounts: null, reason: null }, null, 10)).rows;
  const query = 'mutation ($ids: [ID!]!) { redriveDeadLetters(input: { ids: $ids }) { outcome } }';
  const redrive = async (id: string | undefined) => (await ask(url, null, { query, variables: { ids: [id] } })).text;
  expect(await redrive(theirs?.id)).toBe(await redrive('dead_999'));
  expect(given).toEqual([]);
  expect(await redrive(mine?.id)).toContain('UNREADABLE');
  expect(given).toEqual([mine]);
});
