import { request as httpRequest, type Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { latency, type Latency } from './statistics.ts';

export interface QueryRun {
  readonly answered: number;
  /** 503, with `Retry-After` and the code OVERLOADED. */
  readonly shed: number;
  /** Anything else, no answer included. */
  readonly other: number;
  readonly answeredMs: Latency;
  readonly shedMs: Latency;
}

/** Sends GraphQL queries at a rate until `ended`, without waiting for answers. */
export async function sendQueries(url: string, agent: Agent, body: string, perSecond: number, ended: Promise<unknown>): Promise<QueryRun> {
  const answeredMs: number[] = [];
  const shedMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  let other = 0;
  let over = false;
  void ended.then(() => (over = true));
  const started = performance.now();
  for (let sent = 0; !over; await delay(1)) {
    for (const due = ((performance.now() - started) / 1000) * perSecond; sent < due; sent++) {
      const at = performance.now();
      const query = ask(url, agent, body).then((kind) => {
        if (kind === 'other') other++;
        else (kind === 'shed' ? shedMs : answeredMs).push(performance.now() - at);
      });
      underWay.add(query);
      void query.finally(() => underWay.delete(query));
    }
  }
  await Promise.all(underWay);
  return {
    answered: answeredMs.length,
    shed: shedMs.length,
    other,
    answeredMs: latency(Float64Array.from(answeredMs)),
    shedMs: latency(Float64Array.from(shedMs)),
  };
}

function ask(url: string, agent: Agent, body: string): Promise<'answered' | 'shed' | 'other'> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', () => resolve('other'));
      response.once('end', () => {
        if (response.statusCode === 200) resolve('answered');
        else
          resolve(
            response.statusCode === 503 && response.headers['retry-after'] !== undefined && text.includes('OVERLOADED') ? 'shed' : 'other',
          );
      });
    });
    request.once('error', () => resolve('other'));
    request.end(body);
  });
}
