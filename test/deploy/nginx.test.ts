import { once } from 'node:events';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { noNginx, startDeployedNginx, type DeployedNginx } from './support/deployed-nginx.ts';
import { pretendGateway, type Fate } from './support/pretended-gateway.ts';

const reason = noNginx();
if (reason !== null) process.stderr.write(`deploy/nginx.conf is not tried: ${reason}.\n`);
const tested = test.skipIf(reason !== null);

/** Each of the two gateways is asked first by half of them. */
const MESSAGES = ['1', '2', '3', '4'];
/** The carrier waits no longer for the answer to a callback. */
const CARRIER_MS = 4_000;

tested('nginx takes the configuration without a warning', async () => {
  await using running = await start();
  expect(running.nginx.check).toContain('test is successful');
  expect(running.nginx.check).not.toContain('[warn]');
});

tested.each(['DOWN', 'DIES', 'HANGS', 'NO_ROOM'] as const)(
  'a callback is taken by the other gateway when one %s, before the carrier loses its patience',
  async (trouble) => {
    await using running = await start();
    const { nginx, bad, good } = running;
    if (trouble === 'DOWN') await bad[Symbol.asyncDispose]();
    else bad.fate = trouble;
    const began = performance.now();
    const answers = await Promise.all(MESSAGES.map((body) => running.post('/callbacks/path', body)));
    expect(performance.now() - began).toBeLessThan(CARRIER_MS);
    expect(answers).toEqual(MESSAGES.map(() => [200, good.name]));
    expect(good.arrived.map(({ body }) => body).toSorted()).toEqual(MESSAGES);
    expect(bad.arrived.length > 0).toBe(trouble !== 'DOWN');
    const plain = await request(`http://127.0.0.1:${nginx.plain}/callbacks/path`, {
      method: 'POST',
      body: '5',
      headers: { host: 'nginx', connection: 'close' },
    });
    expect([plain.statusCode, await plain.body.text()]).toEqual([200, good.name]);
  },
);

tested('callbacks without room at both gateways are answered 503, and the next one is not refused for them', async () => {
  await using running = await start();
  const { bad, good } = running;
  [bad.fate, good.fate] = ['NO_ROOM', 'NO_ROOM'];
  for (const body of MESSAGES) expect((await running.post('/callbacks/full', body))[0]).toBe(503);
  [bad.fate, good.fate] = ['TAKEN', 'TAKEN'];
  for (const body of MESSAGES) expect((await running.post('/callbacks/path', body))[0]).toBe(200);
});

tested('a gateway sees the address of the sender, whatever that writes itself', async () => {
  await using running = await start();
  await running.post('/callbacks/path', '1', { 'x-forwarded-for': '63.55.64.1' });
  expect([...running.good.arrived, ...running.bad.arrived].map(({ headers }) => headers['x-forwarded-for'])).toEqual(['127.0.0.1']);
});

tested.each(['DIES', 'NO_ROOM'] as Fate[])('a GraphQL POST that has left is not sent to the other gateway: %s', async (fate) => {
  await using running = await start();
  const { bad, good } = running;
  bad.fate = fate;
  const answers = [];
  for (const body of MESSAGES) answers.push(await running.post('/graphql', body));
  expect([...bad.arrived, ...good.arrived].map(({ body }) => body).toSorted()).toEqual(MESSAGES);
  expect(answers.map(([status]) => status).toSorted((one, next) => one - next)).toEqual([
    200,
    200,
    ...(fate === 'DIES' ? [502, 502] : [503, 503]),
  ]);
});

tested('a GraphQL POST goes to the other gateway when one cannot be reached', async () => {
  await using running = await start();
  await running.bad[Symbol.asyncDispose]();
  for (const body of MESSAGES) expect(await running.post('/graphql', body)).toEqual([200, running.good.name]);
});

tested('a WebSocket passes, with the name and the port that its client asked for', async () => {
  await using running = await start();
  const { nginx, bad, good } = running;
  const socket = new WebSocket(`wss://localhost:${nginx.tls}/graphql`, ['graphql-transport-ws'], { ca: nginx.certificate });
  await once(socket, 'open');
  socket.send('hello');
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).toMatch(/^gateway-[12]: hello$/);
  expect([...bad.arrived, ...good.arrived].map(({ headers }) => headers.host)).toEqual([`localhost:${nginx.tls}`]);
  socket.terminate();
});

/** nginx in front of two gateways, of which one may get into trouble. */
async function start() {
  await using undo = new AsyncDisposableStack();
  const bad = undo.use(await pretendGateway('gateway-1'));
  const good = undo.use(await pretendGateway('gateway-2'));
  const nginx: DeployedNginx = undo.use(await startDeployedNginx([bad.ports, good.ports]));
  const dispatcher = new Agent({ connect: { ca: nginx.certificate } });
  undo.defer(() => dispatcher.destroy());
  const built = undo.move();
  return {
    nginx,
    bad,
    good,
    async post(path: string, body: string, headers: Record<string, string> = {}): Promise<[number, string]> {
      const answer = await request(`https://localhost:${nginx.tls}${path}`, { method: 'POST', body, headers, dispatcher });
      return [answer.statusCode, await answer.body.text()];
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
