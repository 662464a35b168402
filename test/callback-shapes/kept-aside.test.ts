import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { UnclaimedCallbacksDocument } from '../../documents/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { openGateway } from '../support/open-gateway.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Unreadable messages, which are kept byte for byte. Only one process may open the store, so the gateway must have stopped. */
function keptMessages(storePath: string) {
  using store = new DatabaseSync(storePath);
  return store.prepare('SELECT reason, service, content_type, CAST(body AS TEXT) AS body FROM kept_message ORDER BY pk').all();
}

const REQUEST = '<CallbackRequest><RequestId>&b;</RequestId><Status>Success</Status></CallbackRequest>';
const ASIDE: readonly [what: string, contentType: string, body: string][] = [
  ['XML with a DTD', 'text/xml', `<!DOCTYPE x [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;">]>${REQUEST}`],
  ['XML with an external entity', 'text/xml', `<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/hostname">]>${REQUEST}`],
  ['XML with an undeclared entity', 'text/xml', REQUEST],
  ['JSON that was cut', 'application/json', '{"requestId":"595f5c44'],
  ['an array', 'application/json', '[]'],
];

test('an unreadable message is acknowledged and kept once, as it came: its entities are not expanded, and it is not shown as a callback', async () => {
  await using folder = await tempFolder();
  await using simulator = await startSimulator();
  const storePath = `${folder.path}/gateway.sqlite`;
  const account = simulator.accounts[0] ?? '';
  {
    await using gateway = await openGateway(simulator, storePath);
    for (const [what, contentType, body] of [...ASIDE, ...ASIDE])
      expect(await postCallback({ gateway, account }, 'CarrierService', body, contentType), what).toBe(200);
    const { unclaimedCallbacks } = await runDocument(gateway.urls.graphql, UnclaimedCallbacksDocument, {});
    expect(unclaimedCallbacks.nodes).toEqual([]);
  }
  expect(keptMessages(storePath)).toEqual(
    ASIDE.map(([, contentType, body]) => ({ reason: 'UNREADABLE', service: 'CarrierService', content_type: contentType, body })),
  );
});
