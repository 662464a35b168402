import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A carrier that is never called. */
const CARRIER = {
  url: 'http://127.0.0.1:9/api',
  credentials: { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' },
  accounts: ['0868924207-00001'],
};

test.each(['M2M_CALLBACK_PORT', 'M2M_GRAPHQL_PORT', 'M2M_ADMIN_PORT'])(
  'with the port of %s in use the start is refused by that name, and leaves nothing behind',
  async (variable) => {
    await using folder = await tempFolder();
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const storePath = `${folder.path}/gateway.sqlite`;
    await expect(openGateway(CARRIER, storePath, { [variable]: port })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(`Cannot listen on 127\\.0\\.0\\.1:${port} .*EADDRINUSE.*Set ${variable} to a free port`),
    });
    const closed = once(taken, 'close');
    taken.close();
    await closed;
    // Neither the store's lock nor the other listeners outlive the refusal.
    await using _gateway = await openGateway(CARRIER, storePath, { [variable]: port });
  },
);

test('a host that is none of this machine is refused by its variable', async () => {
  await using folder = await tempFolder();
  await expect(openGateway(CARRIER, `${folder.path}/gateway.sqlite`, { M2M_ADMIN_HOST: '192.0.2.1' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('Cannot listen on 192.0.2.1:'),
  });
});

/** What stands at the store's path, made in a folder of the test, and what is said of it. */
const STORES: readonly (readonly [string, (path: string) => string, RegExp])[] = [
  [
    'a folder',
    (path) => {
      mkdirSync(path);
      return path;
    },
    /Cannot open the store/,
  ],
  [
    'a path below a file',
    (path) => {
      writeFileSync(path, 'x');
      return `${path}/gateway.sqlite`;
    },
    /Cannot open the store/,
  ],
  ['a folder that cannot be made', () => '/proc/nowhere/gateway.sqlite', /Cannot make the store's folder/],
  ['a text', file(Buffer.from('not a database, but long enough to be taken for one'.repeat(100))), /is not a usable store/],
  [
    'random bytes behind the head of a database',
    file(Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(9_000, 0x5a)])),
    /store/,
  ],
  ['the database of another program', database('CREATE TABLE songs (name TEXT); PRAGMA user_version = 7'), /of another program/],
  ['the database of another program that gives no version', database('CREATE TABLE songs (name TEXT)'), /of another program/],
  ['a store of a newer gateway', database('PRAGMA application_id = 0x4d324d47; PRAGMA user_version = 1000'), /Run the newer gateway/],
];

test.each(STORES)('%s for a store is refused in words that name it, and left as it is', async (_what, make, words) => {
  await using folder = await tempFolder();
  const path = make(`${folder.path}/store`);
  const before = bytes(path);
  await expect(openGateway(CARRIER, path)).rejects.toMatchObject({ code: 'STORE_UNUSABLE', message: expect.stringMatching(words) });
  await expect(openGateway(CARRIER, path)).rejects.toThrow(path.replace(/\/gateway\.sqlite$/, ''));
  expect(bytes(path)).toEqual(before);
});

test('the store of a gateway that runs is refused to a second one', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await using _first = await openGateway(CARRIER, path);
  await expect(openGateway(CARRIER, path)).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
    message: expect.stringContaining('Only one gateway can use it'),
  });
});

function file(content: Uint8Array): (path: string) => string {
  return (path) => {
    writeFileSync(path, content);
    return path;
  };
}

function database(sql: string): (path: string) => string {
  return (path) => {
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    return path;
  };
}

function bytes(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
