import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/config-variables.ts';
import { readConfig } from '../../src/config/config.ts';
import { COMPLETE_ENV } from '../support/complete-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { canary } from './canaries.ts';
import { Evidence } from './support/evidence.ts';

const URLS = ['M2M_THINGSPACE_API_URL', 'M2M_THINGSPACE_OAUTH_URL', 'M2M_CALLBACK_PUBLIC_URL', 'M2M_JWT_JWKS_URL', 'M2M_GRAPHQL_ORIGINS'];
const withPassword = `https://user:${canary('wrongUrlPassword')}@example.com:9001`;
const withQuery = `https://example.com:9001/?key=${canary('wrongUrlQuery')}`;

/** Mistakes, each by the variables that make it. */
const MISTAKES: readonly Readonly<Record<string, string>>[] = [
  ...URLS.flatMap((name) => [{ [name]: withPassword }, { [name]: withQuery }]),
  { M2M_STORE_KEYS: '', M2M_STORE_KEYS_FILE: canary('keyForFile') },
  { M2M_JWT_JWKS_FILE: `{"keys":[{"d":"${canary('keyInsteadOfFile')}"}]}` },
  { M2M_CALLBACK_SECRET: canary('shortSecret') },
  { M2M_CALLBACK_PREVIOUS_SECRET: canary('shortPreviousSecret') },
  { M2M_CALLBACK_USERNAME: 'name', M2M_CALLBACK_PASSWORD: canary('longCallbackPassword') },
  { M2M_CALLBACK_FORWARD: `Somewhere=https://tool.example.com/${canary('wrongForward')}` },
  { M2M_CALLBACK_FORWARD: canary('wrongForward') },
  { M2M_STORE_KEYS: canary('wrongStoreKey') },
  { M2M_STORE_URL: canary('wrongStoreUrl') },
  { M2M_CALLBACK_SECRETT: canary('unknownVariable') },
  { M2M_CALLBACK_FORWARD_PASSWORD: canary('loneForwardPassword') },
  { M2M_CALLBACK_PREVIOUS_PASSWORD: canary('lonePassword') },
];

test('no mistake in a secret variable is told with its value', () => {
  const evidence = new Evidence();
  for (const mistake of MISTAKES) {
    evidence.note('output', Object.keys(mistake).join(), faultsOf(mistake));
    evidence.witness('gateway answered', JSON.stringify(mistake));
  }
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('configuration').filter((name) => !name.startsWith('keyInFile'))).toEqual([]);
});

test('every secret variable is among those mistakes, or takes any text', () => {
  const secret = Object.values(VARIABLES).filter((each) => each.secret && !each.parse.safeParse('any text').success);
  const mistaken = new Set(MISTAKES.flatMap((mistake) => Object.keys(mistake)));
  expect(secret.map(({ name }) => name).filter((name) => !mistaken.has(name))).toEqual([]);
});

test('a process that does not start for its configuration prints none of it', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/keys`;
  await writeFile(file, `${canary('storeKey')}\n${canary('keyInFile')}\n`);
  const evidence = new Evidence();
  const all = Object.assign({}, COMPLETE_ENV, ...MISTAKES) as Record<string, string>;
  const unusable = { ...COMPLETE_ENV, M2M_STORE_KEYS: '', M2M_STORE_KEYS_FILE: file, M2M_STORE_PATH: `${folder.path}/store` };
  for (const env of [all, unusable]) {
    const ended = await spawnGateway(env, { logLevel: 'debug' }).then(() => 'it started', String);
    expect(ended).toContain('before it listened');
    expect(ended).toContain('M2M_STORE_KEYS_FILE');
    evidence.note('output', 'a start that failed', ended);
  }
  evidence.witness('gateway answered', canary('keyInFile'));
  expect(evidence.leaks()).toEqual([]);
  expect(evidence.missing('configuration').filter((name) => name.startsWith('keyInFile'))).toEqual([]);
});

function faultsOf(mistake: Readonly<Record<string, string>>): string {
  try {
    readConfig({ ...COMPLETE_ENV, ...mistake });
  } catch (error) {
    return String(error);
  }
  throw new Error(`${Object.keys(mistake).join()} is taken.`);
}
