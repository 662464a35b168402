import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { fillStore } from '../support/fill-store.ts';
import { openGateway } from '../support/open-gateway.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

const DAY_MS = 86_400_000;

test('a request is kept for as many days after its end as M2M_RETENTION_DAYS says', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  const [account = ''] = simulator.accounts;
  const [id] = await fillStore(storePath, { requests: 1, devices: 2, account, at: Date.now() - 3 * DAY_MS });
  const purgedUnder = async (days: string) => {
    await using gateway = await openGateway(simulator, storePath, { M2M_RETENTION_DAYS: days });
    const answer = await request(`${gateway.urls.admin}/store/purge`, { method: 'POST' });
    const { requests } = (await answer.body.json()) as { readonly requests: number };
    const { data } = await graphql<{ request: object | null }>(gateway.urls.graphql, 'query ($id: ID!) { request(id: $id) { id } }', {
      id,
    });
    return { requests, request: data?.request };
  };
  expect(await purgedUnder('4')).toEqual({ requests: 0, request: { id } });
  expect(await purgedUnder('2')).toEqual({ requests: 1, request: null });
});
