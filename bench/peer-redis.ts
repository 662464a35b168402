import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { readBody } from './read-body.ts';
import { RedisClient } from './redis-client.ts';
import { serveCommands } from './serve-commands.ts';

/**
 * The durable peer: a node:http server that adds each message to a Redis Stream before its 200, with `appendfsync always`, so that it
 * is on disk by then. It only stores: it parses nothing, checks nothing, knows no duplicates and tells nobody. redis-server runs in a
 * folder of the benchmark, on a Unix socket; it ends with this process.
 */
const folder = process.env['BENCH_REDIS_FOLDER'] ?? '';
const socketPath = `${folder}/redis.sock`;
let redis: RedisClient | null = null;

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  readBody(request, (body) => {
    const stored = redis?.send('XADD', 'callbacks', '*', 'message', body) ?? Promise.reject(new Error('redis-server is not there'));
    stored.then(
      () => response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}'),
      () => response.writeHead(503, { 'content-length': '0' }).end(),
    );
  });
});

async function listen(): Promise<string> {
  const settings = [
    '--port',
    '0',
    '--unixsocket',
    socketPath,
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ];
  // While it writes its log anew, everything waits. A run is too short for that, so this is in favour of the peer.
  const child = spawn('redis-server', [...settings, '--auto-aof-rewrite-percentage', '0', '--loglevel', 'warning'], { stdio: 'ignore' });
  child.once('exit', () => process.exit(1));
  process.once('exit', () => child.kill());
  for (let left = 500; redis === null; left--) {
    try {
      redis = await RedisClient.connect(socketPath);
    } catch (error) {
      if (left === 0) throw error;
      await delay(10);
    }
  }
  const asked = await redis.send('INFO', 'persistence');
  if (!asked.includes('aof_enabled:1')) throw new Error('redis-server has no log');
  return `${(await listenOnLoopback(server)).origin}/callbacks/peer`;
}

/** Processor time of redis-server since its start, in milliseconds. */
async function storeCpuMs(): Promise<number> {
  const info = (await redis?.send('INFO', 'cpu')) ?? '';
  return info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm).reduce((sum, [, seconds]) => sum + Number(seconds) * 1_000, 0);
}

serveCommands({ listen, storeCpuMs });
