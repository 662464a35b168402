import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { readBody } from './read-body.ts';
import { serveCommands } from './serve-commands.ts';

/**
 * The floors under the callback door: a bare node:http server that reads the body and answers; with BENCH_FLOOR=hash it also
 * parses it, takes username and password out, and hashes what it would store. Neither stores anything.
 */
const hashing = process.env['BENCH_FLOOR'] === 'hash';
let sink = 0;

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  readBody(request, (body) => {
    if (hashing) {
      const { username: _username, password: _password, ...rest } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
      sink += createHash('sha256').update(JSON.stringify(rest)).digest().length;
    } else {
      sink += body.length;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}');
  });
});

serveCommands({
  listen: async () => `${(await listenOnLoopback(server)).origin}/callbacks/floor`,
  sunk: () => sink,
});
