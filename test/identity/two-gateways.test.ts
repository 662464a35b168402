import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { KeyRing, type KeyChange } from '../../src/resolvers/access/key-ring.ts';
import { CallbackGeneration } from '../../src/resolvers/callbacks/callback-generation.ts';
import { KEY_ACCOUNTS } from '../support/open-key-ring.ts';
import { storeOf } from '../support/flat-store.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { throwFailure } from '../support/throw-failure.ts';
import { until } from '../support/until.ts';

test('a key that one gateway makes, changes or revokes is so on the other, and both count the valid ones together', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/store`);
  const store = storeOf(log);
  const open = () => KeyRing.open({ store, accounts: KEY_ACCOUNTS, now: Date.now, onFailure: throwFailure });
  using one = await open();
  using other = await open();
  const heard: KeyChange['change'][] = [];
  other.onChange(({ change }) => heard.push(change));
  const key = () => ({ name: 'app', expiresAt: Date.now() + 86_400_000, scopes: { [KEY_ACCOUNTS[0]]: ['read' as const] }, grants: [] });
  const made = await Promise.all([one.create(key()), one.create(key())]);
  await expect(other.create(key())).rejects.toThrow('has 2 valid keys already');
  expect(made.map((each) => typeof other.identify(each.key))).toEqual(['object', 'object']);
  await one.change(made[0].id, { scopes: { [KEY_ACCOUNTS[1]]: ['write'] } });
  await until(() => other.list().some(({ scopes }) => KEY_ACCOUNTS[1] in scopes));
  await one.revoke(made[0].id);
  await until(() => other.identify(made[0].key) === 'REVOKED');
  expect(heard).toEqual(['created', 'created', 'changed', 'revoked']);
});

test('a gateway that was not woken reads the keys and the generation again before it changes them', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/store`);
  const store = storeOf(log);
  const deaf = { ...store, hub: new Hub({ tickMs: () => 1 }) };
  const options = { accounts: KEY_ACCOUNTS, now: Date.now, onFailure: throwFailure };
  using one = await KeyRing.open({ store, ...options });
  using other = await KeyRing.open({ store: deaf, ...options });
  const key = { name: 'app', expiresAt: Date.now() + 86_400_000, scopes: { [KEY_ACCOUNTS[0]]: ['read' as const] }, grants: [] };
  await one.create(key);
  await one.create(key);
  await expect(other.create(key)).rejects.toThrow('has 2 valid keys already');
  using here = await CallbackGeneration.load({ store, ...options });
  using there = await CallbackGeneration.load({ store: deaf, ...options });
  await here.advance({ force: false });
  await there.advance({ force: true });
  expect(there.current).toBe(2);
});

test('a rotation on one gateway is taken over by the other, and of two at once only one counts up', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/store`);
  const store = storeOf(log);
  const load = () => CallbackGeneration.load({ store, now: Date.now, onFailure: throwFailure });
  using one = await load();
  using other = await load();
  const rotations = await Promise.allSettled([one.advance({ force: false }), other.advance({ force: false })]);
  expect(rotations.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await until(() => one.current === 1 && other.current === 1);
  await other.advance({ force: true });
  await until(() => one.current === 2);
  expect(one.standingOf(1)).toBe('FORMER');
});
