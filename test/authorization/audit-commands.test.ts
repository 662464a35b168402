import { request } from 'undici';
import { expect, test } from 'vitest';
import { callbacksCommandLine } from '../../scripts/callbacks.ts';
import { keysCommandLine } from '../../scripts/keys.ts';
import { storeCommandLine } from '../../scripts/store.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { makeKey } from '../support/make-key.ts';
import { openLog } from '../support/open-log.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { auditOf } from './support/audit-of.ts';

const ACCOUNT = '0868924207-00001';

test('commands of the admin listener are recorded with their key and their outcome', async () => {
  await using folder = await tempFolder();
  await using stack = await startStack({ env: { M2M_AUTH: 'on', M2M_LOG_LEVEL: 'silent' }, register: false });
  const { admin } = stack.gateway.urls;
  const owner = await makeKey(stack.gateway, { scopes: { '*': ['read', 'write', 'admin'] } });
  const key = await makeKey(stack.gateway, { scopes: { [ACCOUNT]: ['read'] } });
  const post = async (path: string, body?: object) => {
    const answer = await request(`${admin}${path}`, {
      method: 'POST',
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  await key.change({ scopes: { [ACCOUNT]: ['read', 'write'] } });
  await key.revoke();
  expect(await post('/keys/change', { id: key.id, grants: [] })).toBe(400);
  expect(await post('/keys/revoke', { id: '000000000000' })).toBe(404);
  // A whole key in the place of its id stays secret.
  expect(await post('/keys/revoke', { id: owner.text })).toBe(404);
  expect(await post('/keys/create', { name: 'no such account', scopes: { '0999999999-00009': ['read'] }, grants: [], expiresAt: 1 })).toBe(
    400,
  );
  expect(await post('/callbacks/register')).toBe(200);
  expect(await post('/callbacks/rotate')).toBe(200);
  expect(await post('/callbacks/remove')).toBe(200);
  expect(await post('/login/unlatch')).toBe(200);
  expect(await post(`/store/backup?path=${encodeURIComponent(`${folder.path}/copy.sqlite`)}`)).toBe(200);
  expect(await post('/store/backup?path=')).toBeGreaterThanOrEqual(400);
  expect(await post('/store/purge')).toBe(200);
  const resealed = await post('/store/reseal');
  // What only reads is no command, and what is none was not given.
  for (const path of ['/callbacks', '/keys', '/store/stats', '/metrics', '/health/ready'])
    await (await request(`${admin}${path}`)).body.dump();
  expect(await post('/keys/invented')).toBe(404);

  const told = await auditOf(stack, owner.authorization, 'admin-listener');
  expect(told.every(({ accountName, deviceCount }) => accountName === null && deviceCount === null)).toBe(true);
  expect(told.map(({ action, subject, outcome, code }) => [action, subject, code ?? outcome])).toEqual([
    ['KEYS_CREATE', owner.id, 'DONE'],
    ['KEYS_CREATE', key.id, 'DONE'],
    ['KEYS_CHANGE', key.id, 'DONE'],
    ['KEYS_REVOKE', key.id, 'DONE'],
    ['KEYS_CHANGE', key.id, 'BAD_USER_INPUT'],
    ['KEYS_REVOKE', '000000000000', 'NOT_FOUND'],
    ['KEYS_REVOKE', null, 'NOT_FOUND'],
    ['KEYS_CREATE', null, 'BAD_USER_INPUT'],
    ['CALLBACKS_REGISTER', null, 'DONE'],
    ['CALLBACKS_ROTATE', null, 'DONE'],
    ['CALLBACKS_REMOVE', null, 'DONE'],
    ['LOGIN_UNLATCH', null, 'DONE'],
    ['STORE_BACKUP', null, 'DONE'],
    ['STORE_BACKUP', null, 'BAD_USER_INPUT'],
    ['STORE_PURGE', null, 'DONE'],
    ['STORE_RESEAL', null, resealed === 200 ? 'DONE' : 'BAD_USER_INPUT'],
  ]);
});

test('commands without a running gateway are recorded as those of the command line', async () => {
  await using folder = await tempFolder();
  await using simulator = await startSimulator({ accounts: [ACCOUNT], magicIdentifiers: false });
  const env: Record<string, string> = { ...(await fixedEnv(simulator, folder.path)), M2M_AUTH: 'on' };
  const path = env['M2M_STORE_PATH'] ?? '';
  await openLog(path)[Symbol.asyncDispose]();
  const keys = (...args: readonly string[]) => answerCommand(keysCommandLine, args, env);
  const made = await keys('create', 'fleet-ui', '--account', `${ACCOUNT}:read`);
  const [, id = ''] = /^m2m_([0-9a-z]{12})_/.exec(made.stdout) ?? [];
  expect((await keys('revoke', id)).code).toBe(0);
  expect((await keys('change', id, '--grant', 'none')).code).toBe(1);
  expect((await keys('list')).code).toBe(0);
  expect((await answerCommand(storeCommandLine, ['purge'], env)).code).toBe(0);
  expect((await answerCommand(storeCommandLine, ['backup', `${folder.path}/copy.sqlite`], env)).code).toBe(0);
  expect((await answerCommand(callbacksCommandLine, ['register'], env)).code).toBe(0);
  await using log = openLog(path);
  const { rows } = await log.auditEntries({ accounts: null, caller: 'command-line' }, null, 100);
  expect(rows.toReversed().map(({ action, subject, outcome }) => [action, subject, outcome])).toEqual([
    ['keys.create', id, 'DONE'],
    ['keys.revoke', id, 'DONE'],
    ['keys.change', null, 'BAD_USER_INPUT'],
    ['store.purge', null, 'DONE'],
    ['store.backup', null, 'DONE'],
    ['callbacks.register', null, 'DONE'],
  ]);
});
