import { expect, test } from 'vitest';
import { callbackMessage } from '../support/callback-message.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const COUNT = 100;

test.skipIf(noPostgres() !== null)(
  'callbacks that come while the database is away are acknowledged, and are in it once it is back; also after a kill',
  async () => {
    await using undo = new AsyncDisposableStack();
    const postgres = await needPostgres();
    const { url } = undo.use(await postgres.openDatabase());
    const folder = undo.use(await tempFolder());
    const proxy = undo.use(await startTcpFaultProxy(url));
    const env = { M2M_STORE_URL: proxy.through(url), M2M_STORE_JOURNAL: `${folder.path}/journal.sqlite` };
    const stack = undo.use(await startSpawnedStack({ env }));
    const stored = async () => {
      const [row] = await postgres.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM unclaimed',
        [],
        new URL(url).pathname.slice(1),
      );
      return row?.count;
    };
    const post = async (text: string) => {
      const { json: body } = callbackMessage({ id: 'f0e1d2c3-0000-4000-8000-000000000000', text });
      const answer = await fetch(stack.callbackUrl(), { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      await answer.text();
      return answer.status;
    };
    const postAll = (word: string) => Promise.all(Array.from({ length: COUNT }, (_, at) => post(`${word} ${at % (COUNT / 2)}`)));

    expect(await post('before')).toBe(200);
    await proxy.refuse();
    proxy.cut();
    expect(new Set(await postAll('away'))).toEqual(new Set([200]));
    expect(await stored()).toBe(1);
    await proxy.heal();
    await until(async () => (await stored()) === 1 + COUNT / 2);

    await proxy.refuse();
    proxy.cut();
    expect(new Set(await postAll('away again'))).toEqual(new Set([200]));
    stack.gateway.kill('SIGKILL');
    await proxy.heal();
    await stack.restart();
    await until(async () => (await stored()) === 1 + COUNT);
  },
);
