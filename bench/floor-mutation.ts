import { createServer } from 'node:http';
import { GraphQLScalarType } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { serveCommands } from './serve-commands.ts';

/** The floor under a mutation: a bare yoga server that reads the same body, writes its devices as JSON once and answers how many. */
const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs: 'scalar Anything type Query { ok: Boolean! } type Mutation { activateDevices(input: Anything!): Int! }',
    resolvers: {
      Anything: new GraphQLScalarType({ name: 'Anything' }),
      Mutation: {
        activateDevices: (_parent: unknown, { input }: { input: { target: { devices: unknown[] } } }) =>
          JSON.stringify(input).length > 0 ? input.target.devices.length : 0,
      },
    },
  }),
});
const server = createServer((request, response) => void yoga(request, response));

serveCommands({
  listen: async () => `${(await listenOnLoopback(server)).origin}/graphql`,
});
