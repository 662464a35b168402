import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { Transport } from '../../src/lib/http-exchange.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from '../support/loopback-certificate.ts';

const DATE = 'Sun, 22 Nov 2026 09:30:42 GMT';

test('the date of an answer is heard over HTTPS alone: over HTTP anybody on the way may have written it', async () => {
  const known = getCACertificates('default');
  setDefaultCACertificates([...known, LOOPBACK_CERTIFICATE]);
  try {
    const answer: RequestListener = (_request, response) => void response.writeHead(404, { date: DATE }).end();
    await using secure = await listenOnLoopback(createServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, answer));
    await using plain = await listenOnLoopback(createPlain(answer));
    const heard: string[] = [];
    await using transport = new Transport({ connectTimeoutMs: 10_000, maxAnswerBytes: 1_000, onDate: (date) => heard.push(date) });
    const ask = (url: string) => transport.send({ method: 'GET', url, headers: {}, timeoutMs: 10_000 });
    expect((await ask(plain.origin)).status).toBe(404);
    expect(heard).toEqual([]);
    expect((await ask(`https://127.0.0.1:${secure.port}/`)).status).toBe(404);
    expect(heard).toEqual([DATE]);
  } finally {
    setDefaultCACertificates(known);
  }
});
