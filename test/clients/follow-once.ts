import { readdirSync } from 'node:fs';
import { print } from 'graphql';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { followWithApollo } from '../../examples/follow-with-apollo.ts';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import { followWithUrql } from '../../examples/follow-with-urql.ts';
import { OutcomeStore, type OutcomePage, type StoredOutcome } from '../../examples/outcome-store.ts';
import { patientFetch } from '../../examples/patient-fetch.ts';
import { createRelayEnvironment } from '../../examples/relay-environment.ts';

/** A client process: loads every example, follows one request with each that can, and prints how each ended. */
const [url = '', requestId = ''] = process.argv.slice(2);
const folder = new URL('../../examples/', import.meta.url);
for (const name of readdirSync(folder)) if (name.endsWith('.ts')) await import(new URL(name, folder).href);

for (const follow of [followWithGraphqlWs, followWithApollo, followWithUrql]) {
  let last = 'no event';
  await follow({ url, requestId, onEvent: ({ status }) => void (last = status) });
  process.stdout.write(`${follow.name} ${last}\n`);
}

const store = new OutcomeStore({ notifyAfterMs: 0 });
const told = new Promise<void>((resolve) => void store.subscribe(resolve));
const httpUrl = url.replace(/^ws/, 'http');
await store.load(async (after) => {
  const body = JSON.stringify({ query: print(RequestDocument), variables: { id: requestId, first: 2, after } });
  const answer = await patientFetch(httpUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { data } = (await answer.json()) as { data: { request: OutcomePage<StoredOutcome> } };
  return data.request;
});
await told;
const { counts, status } = store.getSnapshot();
process.stdout.write(`OutcomeStore ${status} ${JSON.stringify(counts)}\n`);
createRelayEnvironment({ url, httpUrl });
process.exit();
