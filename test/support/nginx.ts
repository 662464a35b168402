import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';

/** Why no nginx can be started on this machine; null when one can. */
export function whyNoNginx(): string | null {
  return spawnSync('nginx', ['-v']).error ? 'nginx is not installed (apt-get install --no-install-recommends nginx)' : null;
}

export interface Nginx extends AsyncDisposable {
  /** Origins. */
  readonly callbacks: string;
  readonly graphql: string;
  readonly websocket: string;
  /** Everything it has written to its error log. */
  log(): Promise<string>;
}

export interface NginxTargets {
  /** The ports of the gateways on this machine. */
  readonly callbacks: readonly number[];
  readonly graphql: readonly number[];
}

/** A real nginx in front of several gateways. Whatever ends this process ends it too. */
export async function startNginx(targets: NginxTargets): Promise<Nginx> {
  await using undo = new AsyncDisposableStack();
  const { path } = undo.use(await tempFolder());
  const ports = { callbacks: await freePort(), graphql: await freePort(), websocket: await freePort() };
  await mkdir(join(path, 'temp'));
  await writeFile(join(path, 'nginx.conf'), configuration(targets, ports));
  const log = join(path, 'error.log');
  const child = spawn('nginx', ['-p', path, '-c', 'nginx.conf', '-e', log], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const orphaned = () => void child.kill('SIGTERM');
  process.once('exit', orphaned);
  undo.defer(async () => {
    process.off('exit', orphaned);
    child.kill('SIGTERM');
    await ended;
  });
  await Promise.race([
    until(() => isOpen(ports.callbacks)),
    ended.then(async () => Promise.reject(new Error(`nginx has not started:\n${await readFile(log, 'utf8')}`))),
  ]);
  const built = undo.move();
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return {
    callbacks: at(ports.callbacks),
    graphql: at(ports.graphql),
    websocket: at(ports.websocket).replace('http', 'ws'),
    log: () => readFile(log, 'utf8'),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

/**
 * A callback does no harm twice, so it goes to the next gateway when one fails. A mutation may have been taken when its gateway fails, so
 * its caller asks again with its key. A gateway that stands still is given up before the carrier has lost its patience, but not before a
 * gateway without its database has put a callback into its journal, which takes 2 s.
 */
function configuration(targets: NginxTargets, ports: Readonly<Record<keyof Omit<Nginx, 'log' | symbol>, number>>): string {
  const upstream = (name: string, gateways: readonly number[]) => `
  upstream ${name} {
${gateways.map((port) => `    server 127.0.0.1:${port} max_fails=1 fail_timeout=2s;`).join('\n')}
    keepalive 32;
  }`;
  return `
daemon off;
pid nginx.pid;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path temp;
  proxy_temp_path temp;
  fastcgi_temp_path temp;
  uwsgi_temp_path temp;
  scgi_temp_path temp;
  client_max_body_size 8m;
  client_body_buffer_size 1m;
  proxy_http_version 1.1;
  proxy_connect_timeout 1s;
  ${upstream('callbacks', targets.callbacks)}
  ${upstream('graphql', targets.graphql)}
  server {
    listen 127.0.0.1:${ports.callbacks};
    location / {
      proxy_pass http://callbacks;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_read_timeout 3s;
      proxy_next_upstream error timeout non_idempotent;
    }
  }
  server {
    listen 127.0.0.1:${ports.graphql};
    location / {
      proxy_pass http://graphql;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_read_timeout 10s;
    }
  }
  server {
    listen 127.0.0.1:${ports.websocket};
    location / {
      proxy_pass http://graphql;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 2s;
    }
  }
}
`;
}
