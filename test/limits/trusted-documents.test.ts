import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createTrustedDocuments, readTrustedDocuments } from '../../src/server/limits/trusted-documents.ts';
import { tempFolder } from '../support/temp-folder.ts';

const TRUSTED = '{ __typename }';
const OTHER = '{ requests { nodes { id } } }';
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const ID = hashOf(TRUSTED);
const persisted = (sha256Hash: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

describe('which document a request is for', () => {
  const ways = [
    ['by documentId', (id: unknown) => ({ documentId: id })],
    ['by extensions.persistedQuery', persisted],
  ] as const;

  describe.each(ways)('%s', (_way, by) => {
    test.each([
      ['off', { ...by(ID) }, 'PERSISTED_QUERY_NOT_SUPPORTED: PersistedQueryNotSupported'],
      ['off', { ...by(ID), query: '' }, 'PERSISTED_QUERY_NOT_SUPPORTED: PersistedQueryNotSupported'],
      ['off', { ...by(ID), query: OTHER }, OTHER],
      ['prefer', { ...by(ID) }, TRUSTED],
      ['prefer', { ...by(`sha256:${ID}`) }, TRUSTED],
      ['prefer', { ...by(ID.toUpperCase()) }, TRUSTED],
      ['prefer', { ...by(ID), query: '' }, TRUSTED],
      ['prefer', { ...by(ID), query: null }, TRUSTED],
      ['prefer', { ...by('relay-md5') }, OTHER],
      ['prefer', { ...by(hashOf(OTHER)) }, 'PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound'],
      ['prefer', { ...by(ID), query: TRUSTED }, TRUSTED],
      ['prefer', { ...by(hashOf(OTHER)), query: OTHER }, OTHER],
      ['prefer', { ...by('relay-md5'), query: OTHER }, OTHER],
      ['prefer', { ...by(ID), query: OTHER }, 'BAD_REQUEST: The id does not belong to'],
      ['prefer', { ...by('relay-md5'), query: TRUSTED }, 'BAD_REQUEST: The id does not belong to'],
      ['prefer', { ...by(7) }, 'BAD_REQUEST: The id of a document is not a string'],
      ['prefer', { ...by('__proto__') }, 'PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound'],
      ['require', { ...by(ID) }, TRUSTED],
      ['require', { ...by(hashOf('{ x }')) }, 'DOCUMENT_NOT_TRUSTED: This gateway takes only trusted documents'],
      ['require', { ...by(ID), query: TRUSTED }, TRUSTED],
      ['require', { ...by(hashOf('{ x }')), query: '{ x }' }, 'DOCUMENT_NOT_TRUSTED: This gateway takes only trusted documents'],
    ] as const)('%s: %o is %s', (mode, params, expected) => expect(resolved(mode, params)).toMatch(expected));
  });

  test.each([
    ['off', { query: OTHER }, OTHER],
    ['prefer', { query: '{ x }' }, '{ x }'],
    ['require', { query: TRUSTED }, TRUSTED],
    ['require', { query: `${TRUSTED} ` }, 'DOCUMENT_NOT_TRUSTED'],
    ['require', { query: '' }, 'DOCUMENT_NOT_TRUSTED'],
    ['require', { query: 7 }, 'DOCUMENT_NOT_TRUSTED'],
    ['require', {}, 'undefined'],
    ['prefer', { extensions: 'x' }, 'undefined'],
    ['prefer', { query: OTHER, extensions: { persistedQuery: 'x' } }, OTHER],
  ] as const)('without an id, %s: %o is %s', (mode, params, expected) => expect(resolved(mode, params)).toContain(expected));

  const documents = new Map([
    [ID, TRUSTED],
    ['relay-md5', OTHER],
  ]);

  /** The text it stands for, or code and message of the refusal. */
  function resolved(mode: 'off' | 'prefer' | 'require', params: object): string {
    const result = createTrustedDocuments({ mode, documents }).resolveDocument({ ...params, operationName: 'A', variables: { b: 1 } });
    if (result instanceof GraphQLError) {
      expect(result.extensions['http']).toEqual({ spec: true, status: 400 });
      return `${String(result.extensions['code'])}: ${result.message}`;
    }
    expect(result).toMatchObject({ operationName: 'A', variables: { b: 1 } });
    expect(result).not.toHaveProperty('documentId');
    return String(result.query);
  }
});

test('a text is trusted letter for letter, and none is where trusted documents are off', () => {
  const documents = new Map([[ID, TRUSTED]]);
  const trusts = (mode: 'off' | 'prefer' | 'require', text: string) => createTrustedDocuments({ mode, documents }).isTrusted(text);
  expect([trusts('prefer', TRUSTED), trusts('require', TRUSTED)]).toEqual([true, true]);
  expect([trusts('prefer', `${TRUSTED} `), trusts('off', TRUSTED)]).toEqual([false, false]);
});

describe('files of trusted documents', () => {
  test('as codegen writes them: every id is the SHA-256 of its text', async () => {
    const file = join(import.meta.dirname, '../../documents/gql/persisted-documents.json');
    const documents = await readTrustedDocuments([file]);
    expect(documents.size).toBeGreaterThan(10);
    expect([...documents].filter(([id, text]) => id !== hashOf(text))).toEqual([]);
  });

  test('several are one, with and without the prefix, and other ids as they are', async () => {
    await using folder = await tempFolder();
    const files = await written(folder.path, [{ [`sha256:${ID}`]: TRUSTED, '0f343b0931126a20f133d67c2b018a3b': OTHER }, { [ID]: TRUSTED }]);
    expect(await readTrustedDocuments(files)).toEqual(
      new Map([
        [ID, TRUSTED],
        ['0f343b0931126a20f133d67c2b018a3b', OTHER],
      ]),
    );
  });

  test.each([
    ['that is not there', undefined, 'it cannot be read'],
    ['that is no JSON', '{"hunter2', 'it is not a JSON object'],
    ['that is a list', '[]', 'it is not a JSON object'],
    ['with what is no text', JSON.stringify({ [ID]: { hunter2: 1 } }), `the entry ${ID} is not the text of a document`],
    [
      'with a text of another SHA-256',
      JSON.stringify({ [`sha256:${ID}`]: OTHER }),
      `the document under sha256:${ID} has another SHA-256, ${hashOf(OTHER)}`,
    ],
  ])('a file %s is named', async (_what, content, why) => {
    await using folder = await tempFolder();
    const file = `${folder.path}/documents.json`;
    if (content !== undefined) await writeFile(file, content);
    const reading = readTrustedDocuments([file]);
    await expect(reading).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`The trusted documents of ${file} (M2M_TRUSTED_DOCUMENTS_FILES) are not usable: ${why}`) as string,
    });
    await expect(reading).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') as string });
  });

  test('two files that give one id to different documents are refused', async () => {
    await using folder = await tempFolder();
    const files = await written(folder.path, [{ abc: TRUSTED }, { abc: OTHER }]);
    await expect(readTrustedDocuments(files)).rejects.toThrow(/1\.json .* abc is already the id of another document/);
  });

  const written = (folder: string, contents: readonly object[]) =>
    Promise.all(
      contents.map(async (content, at) => {
        const file = `${folder}/${at}.json`;
        await writeFile(file, JSON.stringify(content));
        return file;
      }),
    );
});
