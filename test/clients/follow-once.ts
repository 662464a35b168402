import { followWithApollo } from '../../examples/follow-with-apollo.ts';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import { followWithUrql } from '../../examples/follow-with-urql.ts';

/** A client process: follows one request with each example, and prints how each ended. */
const [url = '', requestId = ''] = process.argv.slice(2);
for (const follow of [followWithGraphqlWs, followWithApollo, followWithUrql]) {
  let last = 'no event';
  await follow({ url, requestId, onEvent: ({ status }) => void (last = status) });
  process.stdout.write(`${follow.name} ${last}\n`);
}
process.exit();
