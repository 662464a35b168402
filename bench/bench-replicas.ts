import { readFile, readdir } from 'node:fs/promises';
import { startPostgres, type PostgresServer } from '../test/support/postgres-server.ts';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { floorBatches } from './floor-batches.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { LoadResult } from './load-plan.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { latency, middleRound, type Latency } from './statistics.ts';

/** As a small managed PostgreSQL has them. What is answered is on disk. */
const SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB', checkpoint_timeout: '15min', synchronous_commit: 'on', fsync: 'on' };
const MOST_REPLICAS = 3;
const FLOOR_ROWS = 20_000;

interface Run {
  readonly perSecond: number;
  /** Of all gateways, and of the database with all its processes. */
  readonly gatewayCpuMs: number;
  readonly databaseCpuMs: number;
  readonly ackMs: Latency;
}

interface Beside {
  readonly run: Run;
  readonly floor: Run;
}

/** Measures callbacks that 1, 2 and 3 gateways store in one PostgreSQL, beside what that database inserts when it does nothing else. */
export async function benchReplicas({ quick, inFlight, rounds, profile, rows: filled }: BenchOptions): Promise<Section> {
  const cases = quick
    ? [{ requests: 1, devices: 300 }]
    : [
        { requests: 1, devices: 10_000 },
        { requests: 100, devices: 100 },
      ];
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolderOnDisk());
  const server = undo.use(await startPostgres({ settings: SETTINGS, onDisk: true }));
  const url = await server.createDatabase();
  const carrier = undo.use(await FakeCarrier.start());
  const generator = undo.use(new BenchProcess('./load-generator.ts'));
  const gateways: GatewayProcess[] = [];
  for (let at = 0; at < MOST_REPLICAS; at++) {
    const env = { M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/journal-${at}.sqlite` };
    gateways.push(
      undo.use(await GatewayProcess.start({ carrierUrl: carrier.url, storePath: `${folder.path}/none-${at}.sqlite`, profile, env })),
    );
  }
  const [first] = gateways;
  if (!first) throw new Error('no gateway');

  const measure = async (replicas: number, requests: number, devices: number): Promise<Run> => {
    const some = gateways.slice(0, replicas);
    const [one = '', ...alternates] = some.map(({ callbackUrl }) => callbackUrl);
    const plan = { url: one, alternates, requests: await first.submit(requests, devices), inFlight };
    const callbacks = await generator.ask<number>('prepare', plan);
    await Promise.all(some.map(({ process }) => process.probe('begin')));
    const before = await databaseCpuMs(server);
    const sent = await generator.ask<LoadResult>('send');
    const spent = (await databaseCpuMs(server)) - before;
    const probes = await Promise.all(some.map(({ process }) => process.probe('end')));
    if (sent.acknowledged !== callbacks) throw new Error(`${sent.refused} of ${callbacks} callbacks were refused`);
    return {
      perSecond: callbacks / sent.seconds,
      gatewayCpuMs: (probes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / callbacks) * 10_000,
      databaseCpuMs: (spent / callbacks) * 10_000,
      ackMs: latency(sent.ackMs),
    };
  };
  const measureFloor = async (): Promise<Run> => {
    const rows = quick ? 512 : FLOOR_ROWS;
    const before = await databaseCpuMs(server);
    const { seconds, ms, cpuMs } = await floorBatches(url, rows);
    return {
      perSecond: rows / seconds,
      gatewayCpuMs: (cpuMs / rows) * 10_000,
      databaseCpuMs: (((await databaseCpuMs(server)) - before) / rows) * 10_000,
      ackMs: latency(Float64Array.from(ms)),
    };
  };

  await measureFloor();
  for (let replicas = 1; replicas <= MOST_REPLICAS; replicas++) await measure(replicas, 1, quick ? 200 : 10_000);
  const measured = new Map<string, Beside[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { requests, devices } of cases) {
      for (let replicas = 1; replicas <= MOST_REPLICAS; replicas++) {
        const floor = await measureFloor();
        const run = await measure(replicas, requests, devices);
        const name = `${requests} × ${devices.toLocaleString('en-US')}, ${replicas} ${replicas === 1 ? 'gateway' : 'gateways'}`;
        measured.set(name, [...(measured.get(name) ?? []), { run, floor }]);
      }
    }
  }
  if (!quick && filled > 0) await addFilled(measured, { server, url, filled, rounds, measure, measureFloor });
  const all = [...measured.values()].flat();
  return {
    title: 'replicas: gateways that store callbacks in one PostgreSQL',
    notes: [
      `PostgreSQL ${await versionOf(server)} on the same machine and disk; ${inFlight} in flight; middle of ${rounds} rounds by its ratio to the floor right before it; milliseconds.`,
      '`floor` inserts as many rows of the same size, 256 in a statement and a transaction, from one connection: nothing is read, matched or told.',
      '`CPU` is of all gateways, `database CPU` of PostgreSQL with all its processes, both for 10,000 callbacks.',
    ],
    rows: [
      row(
        'floor',
        middleRound(
          all.map(({ floor }) => ({ run: floor, floor })),
          ({ run }) => run.perSecond,
        ),
      ),
      ...[...measured].map(([name, rows]) =>
        row(
          name,
          middleRound(rows, ({ run, floor }) => run.perSecond / floor.perSecond),
        ),
      ),
    ],
  };
}

interface Filling {
  readonly server: PostgresServer;
  readonly url: string;
  readonly filled: number;
  readonly rounds: number;
  readonly measure: (replicas: number, requests: number, devices: number) => Promise<Run>;
  readonly measureFloor: () => Promise<Run>;
}

/** The same with so many rows in the log. They are copies of the rows that the measurements have left, under other keys. */
async function addFilled(measured: Map<string, Beside[]>, { server, url, filled, rounds, measure, measureFloor }: Filling): Promise<void> {
  const database = new URL(url).pathname.slice(1);
  const size = async () =>
    Number((await server.client.query<{ rows: number }>('SELECT count(*)::integer AS rows FROM event', [], database))[0]?.rows ?? 0);
  for (let rows = await size(); rows < filled; rows = await size())
    await server.client.query(COPY_EVENTS, [Math.min(rows, filled - rows)], database);
  await server.client.query('VACUUM ANALYZE', [], database);
  const name = `1 × 10,000, 1 gateway, ${(filled / 1e6).toLocaleString('en-US')} M rows before`;
  for (let round = 0; round < rounds; round++) {
    const floor = await measureFloor();
    measured.set(name, [...(measured.get(name) ?? []), { run: await measure(1, 1, 10_000), floor }]);
  }
}

const COPY_EVENTS = `INSERT INTO event SELECT e.request_pk - 1000000000 - (SELECT max(request_pk) - min(request_pk) FROM event), e.seq, e.at,
  e.kind, e.position, e.outcome, e.outcome_status, e.source, e.final_seq, e.nidd_seq, e.contradicted, e.is_on_hold, e.is_settled_by_part,
  e.ties, e.request_status, e.counts, e.service, e.callback_count, e.digest, e.is_found_by_device, e.message, e.key_id
  FROM event e ORDER BY e.request_pk DESC, e.seq LIMIT $1`;

async function versionOf(server: PostgresServer): Promise<string> {
  const [row] = await server.client.query<{ version: string }>("SELECT current_setting('server_version') AS version");
  return row?.version ?? '';
}

/** Processor time of the server and all its processes, those that have ended too. */
async function databaseCpuMs({ pid }: PostgresServer): Promise<number> {
  const ticks = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
        const [, parent, , , , , , , , , , user = 0, system = 0, childUser = 0, childSystem = 0] = stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ')
          .map(Number);
        if (Number(name) === pid) return user + system + childUser + childSystem;
        return parent === pid ? user + system : 0;
      }),
  );
  return ticks.reduce((sum, each) => sum + each, 0) * MS_A_TICK;
}

/** Linux counts processor time in hundredths of a second. */
const MS_A_TICK = 10;

function row(name: string, { run, floor }: Beside): Row {
  return {
    name,
    figures: {
      'callbacks/s': Math.round(run.perSecond),
      '× floor': run.perSecond / floor.perSecond,
      'CPU ms/10k': Math.round(run.gatewayCpuMs),
      'database CPU': Math.round(run.databaseCpuMs),
      '× floor CPU': run.databaseCpuMs / floor.databaseCpuMs,
      'ack p50': run.ackMs.p50,
      p99: run.ackMs.p99,
      max: run.ackMs.max,
    },
  };
}
