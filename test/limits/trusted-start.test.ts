import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { PERSISTED_DOCUMENTS } from './support/open-trusting.ts';

const DOCUMENTS = '{"sha256:0000000000000000000000000000000000000000000000000000000000000000":"{ __typename }"}';

/** [what stands at the path, how it is made, why it is refused] */
const FILES: readonly (readonly [what: string, make: (path: string) => Promise<unknown>, why: RegExp])[] = [
  ['nothing', () => Promise.resolve(), /it cannot be read/],
  ['a folder', (path) => mkdir(path), /it cannot be read/],
  ['nothing in it', (path) => writeFile(path, ''), /it is not a JSON object/],
  ['half of it', (path) => writeFile(path, DOCUMENTS.slice(0, -20)), /it is not a JSON object/],
  ['a list of documents', (path) => writeFile(path, '["{ __typename }"]'), /it is not a JSON object/],
  ['a document under another hash', (path) => writeFile(path, DOCUMENTS), /has another SHA-256, [0-9a-f]{64}\. Generate the file again/],
  ['an object for a document', (path) => writeFile(path, '{"a":{"query":"{ __typename }"}}'), /is not the text of a document/],
];

test.each(FILES)(
  'with %s for its trusted documents a gateway does not start, says which file, and registers nothing with the carrier',
  async (_what, make, why) => {
    await using folder = await tempFolder();
    await using simulator = await startSimulator({ magicIdentifiers: false });
    const file = `${folder.path}/persisted.json`;
    await make(file);
    const storePath = `${folder.path}/gateway.sqlite`;
    const starting = openGateway(simulator, storePath, {
      M2M_TRUSTED_DOCUMENTS: 'require',
      M2M_TRUSTED_DOCUMENTS_FILES: `${PERSISTED_DOCUMENTS},${file}`,
      M2M_CALLBACK_REGISTER: 'on',
    });
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(why) as string });
    await expect(starting).rejects.toThrow(`${file} (M2M_TRUSTED_DOCUMENTS_FILES)`);
    expect(simulator.ledger.counts.calls).toEqual({});
    expect(existsSync(storePath)).toBe(false);
  },
);

test('the process ends with 1, and its last line is the sentence', async () => {
  await using folder = await tempFolder();
  await using simulator = await startSimulator({ magicIdentifiers: false });
  const env = {
    ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`),
    M2M_TRUSTED_DOCUMENTS: 'prefer',
    M2M_TRUSTED_DOCUMENTS_FILES: `${folder.path}/missing.json`,
  };
  const ended = await spawnGateway(env).then(
    () => expect.unreachable('it started'),
    (error: Error) => error,
  );
  expect(ended.cause).toMatchObject({ how: 1 });
  const last = ended.message.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toContain(
    `The trusted documents of ${folder.path}/missing.json (M2M_TRUSTED_DOCUMENTS_FILES) are not usable: it cannot be read.`,
  );
});
