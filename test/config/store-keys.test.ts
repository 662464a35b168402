import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { readStoreKeys } from '../../src/config/read-store-keys.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FIRST = Buffer.alloc(32, 'a');
const SECOND = Buffer.alloc(32, 'b');
const both = [FIRST, SECOND].map((key) => key.toString('base64'));

test('keys are read from the variable, or from a file with one a line, blank lines and spaces aside; without either there are none', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/keys`;
  writeFileSync(file, `\n ${both[0]}\r\n\n${both[1]?.replace('=', '')}\n`);
  expect(readStoreKeys({ storeKeys: both, storeKeysFile: null })).toEqual([FIRST, SECOND]);
  expect(readStoreKeys({ storeKeys: null, storeKeysFile: file })).toEqual([FIRST, SECOND]);
  expect(readStoreKeys({ storeKeys: null, storeKeysFile: null })).toEqual([]);
});

test.each([
  ['a line that is no key', `${both[0]}\n\nsecret-but-short\n`, 'line 3 is not a key of 32 bytes as base64'],
  ['two keys on one line', both.join(','), 'line 1 is not a key'],
  ['nothing', '\n\n', 'it holds no key'],
])('a file with %s is refused by its name and line, without what stands there', async (_what, content, said) => {
  await using folder = await tempFolder();
  const file = `${folder.path}/keys`;
  writeFileSync(file, content);
  expect(refusalOf(file)).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`M2M_STORE_KEYS_FILE=${file} `) as string,
  });
  expect(refusalOf(file)?.message).toContain(said);
  for (const secret of ['secret-but-short', ...both]) expect(refusalOf(file)?.message).not.toContain(secret);
});

test('an editor’s byte order mark before the first key does no harm, and a key that stands twice is one', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/keys`;
  writeFileSync(file, `\ufeff${both[0]}\r\n${both[0]}\r\n`);
  expect(readStoreKeys({ storeKeys: null, storeKeysFile: file })).toEqual([FIRST, FIRST]);
});

test('two keys with one id are refused: a row could not tell which of them it needs', () => {
  // Found by trial: the SHA-256 of both begins with 6826053e.
  const [one, other] = [78_356, 88_497].map((number) => {
    const key = Buffer.alloc(32);
    key.writeUInt32BE(number);
    return key.toString('base64');
  });
  const storeKeys = [one ?? '', both[0] ?? '', other ?? ''];
  expect(() => readStoreKeys({ storeKeys, storeKeysFile: null })).toThrow(/^Keys 1 and 3 of the store have the same id \(6826053e\)/);
});

test('a file that cannot be read is refused by its name', async () => {
  await using folder = await tempFolder();
  expect(refusalOf(`${folder.path}/none`)).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`M2M_STORE_KEYS_FILE=${folder.path}/none is not usable: it cannot be read`) as string,
  });
});

function refusalOf(storeKeysFile: string): GatewayError | null {
  try {
    readStoreKeys({ storeKeys: null, storeKeysFile });
    return null;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
