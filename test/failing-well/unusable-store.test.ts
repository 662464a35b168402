import { chmod, mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { asNobody } from '../support/as-nobody.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A folder with a store in it, and the rights each is to have. */
const RIGHTS: readonly (readonly [what: string, folder: number, store: number | null, words: RegExp])[] = [
  ['a new store in a folder that cannot be written', 0o555, null, /^Cannot open the store .*The gateway must be able to write there\.$/],
  ['a store that cannot be written', 0o777, 0o444, /^Cannot open the store .*The gateway must be able to write there\.$/],
  ['a store that cannot be read', 0o777, 0o000, /^Cannot open the store .*The gateway must be able to write there\.$/],
  ['a store in a folder that cannot be entered', 0o000, 0o600, /^Cannot (?:open the store|make the store's folder) .*\.$/],
];

test.each(RIGHTS)('%s is refused in a sentence that names it and says what to do', async (_what, folderRights, storeRights, words) => {
  await using place = await tempFolder();
  await chmod(place.path, 0o755);
  const folder = `${place.path}/data`;
  const path = `${folder}/gateway.sqlite`;
  await mkdir(folder);
  if (storeRights !== null) {
    await openLog(path)[Symbol.asyncDispose]();
    await chmod(path, storeRights);
  }
  await chmod(folder, folderRights);
  let refusal: unknown;
  try {
    asNobody(() => openLog(path));
  } catch (error) {
    refusal = error;
  }
  await chmod(folder, 0o755);
  expect(refusal).toMatchObject({ code: 'STORE_UNUSABLE', message: expect.stringMatching(words) });
  expect(refusal).toMatchObject({ message: expect.stringContaining(folder) });
  // Nothing was damaged on the way, and nothing is left open.
  if (storeRights !== null) await chmod(path, 0o600);
  await openLog(path)[Symbol.asyncDispose]();
});

test('the folder of a store that cannot be made is named', async () => {
  await using place = await tempFolder();
  await chmod(place.path, 0o555);
  const open = () => asNobody(() => openLog(`${place.path}/below/gateway.sqlite`));
  expect(open).toThrow(
    expect.objectContaining({
      code: 'STORE_UNUSABLE',
      message: expect.stringContaining(`Cannot make the store's folder ${place.path}/below`),
    }),
  );
  await chmod(place.path, 0o755);
});
