import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { readFile } from './deploy-files.ts';
import { makeSecrets } from './made-secrets.ts';

/** Why a test with nginx is skipped. It is null in CI, where a missing nginx fails the test. */
export function noNginx(): string | null {
  if (process.env['CI'] === 'true') return null;
  return spawnSync('nginx', ['-v']).error ? 'nginx is not installed (apt-get install --no-install-recommends nginx)' : null;
}

export interface DeployedNginx extends AsyncDisposable {
  /** The port with TLS, for clients and the carrier. Its certificate signs itself. */
  readonly tls: number;
  /** The port for the simulated carrier. */
  readonly plain: number;
  readonly certificate: string;
  /** What `nginx -t` says of the configuration. */
  readonly check: string;
}

export interface GatewayPorts {
  readonly graphql: number;
  readonly callbacks: number;
}

/** A real nginx with deploy/nginx.conf in front of two gateways on this machine. Only ports, names and files are replaced. */
export async function startDeployedNginx(gateways: readonly [GatewayPorts, GatewayPorts]): Promise<DeployedNginx> {
  await using undo = new AsyncDisposableStack();
  const { path } = undo.use(await tempFolder());
  const secrets = join(path, 'secrets');
  makeSecrets(secrets);
  mkdirSync(join(path, 'temp'));
  const [tls, plain] = [await freePort(), await freePort()];
  let site = readFile('deploy/nginx.conf')
    .replaceAll('/run/secrets/', `${secrets}/`)
    .replace('listen 443 ', `listen 127.0.0.1:${tls} `)
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replaceAll('/dev/stdout', `${path}/access.log`)
    .replaceAll('/dev/stderr', `${path}/callbacks-error.log`);
  for (const [at, ports] of gateways.entries())
    site = site
      .replace(`gateway-${at + 1}:4000`, `127.0.0.1:${ports.graphql}`)
      .replace(`gateway-${at + 1}:9001`, `127.0.0.1:${ports.callbacks}`);
  writeFileSync(join(path, 'nginx.conf'), `${SURROUNDINGS}\nhttp {\n${FOLDERS}\n${site}\n}\n`);
  const args = ['-p', path, '-c', 'nginx.conf', '-e', join(path, 'error.log')];
  const checked = spawnSync('nginx', ['-t', ...args], { encoding: 'utf8' });
  const child = spawn('nginx', args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const orphaned = () => void child.kill('SIGTERM');
  process.once('exit', orphaned);
  undo.defer(async () => {
    process.off('exit', orphaned);
    child.kill('SIGTERM');
    await ended;
  });
  await Promise.race([until(() => isOpen(tls)), ended.then(() => Promise.reject(new Error(`nginx has not started:\n${checked.stderr}`)))]);
  const built = undo.move();
  return {
    tls,
    plain,
    certificate: readFileSync(join(secrets, 'tls-certificate'), 'utf8'),
    check: checked.stderr,
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

/** What the image of nginx has around it. */
const SURROUNDINGS = `daemon off;
pid nginx.pid;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 512; }`;
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp;`).join('\n');

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const opened = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false);
  socket.destroy();
  return opened;
}
