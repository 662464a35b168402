import { request as httpRequest } from 'undici';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { median } from './statistics.ts';
import { wallClock } from './load-plan.ts';

interface MutationRun {
  /** Processor time of the server, from before the body is sent until after the answer. */
  readonly cpuMs: number;
  /** From sending the body to its last byte at the carrier; null for the floor, which has none. */
  readonly toCarrierMs: number | null;
  readonly toAnswerMs: number;
  readonly longestBlockMs: number;
}

/** Measures a large activateDevices mutation, cold (the first of a process) and warm, beside a bare yoga server that only parses it. */
export async function benchMutation({ quick, rounds, profile }: BenchOptions): Promise<Section> {
  const devices = quick ? 500 : 10_000;
  const warmRuns = quick ? 2 : 15;
  const warmUp = quick ? 1 : 10;
  await using carrier = await FakeCarrier.start();
  const own: MutationRun[][] = [];
  const floors: MutationRun[][] = [];
  let size = 0;

  for (let round = 0; round < rounds; round++) {
    await using folder = await tempFolderOnDisk();
    await using gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath: `${folder.path}/bench.sqlite`, profile });
    await using bare = new BenchProcess('./floor-mutation.ts');
    const bareUrl = await bare.ask<string>('listen');
    own.push([]);
    floors.push([]);
    for (let run = 0; run < 1 + warmUp + warmRuns; run++) {
      const { body } = gateway.mutation(devices);
      size = body.length;
      own.at(-1)?.push(
        await measure(gateway.process, async () => {
          const posted = carrier.nextActivation();
          await gateway.send(body);
          return posted;
        }),
      );
      const bareBody = Buffer.from(
        JSON.stringify({
          query: 'mutation Activate($input: Anything!) { activateDevices(input: $input) }',
          variables: (JSON.parse(body.toString('utf8')) as { variables: unknown }).variables,
        }),
      );
      floors.at(-1)?.push(await measure(bare, () => sendBare(bareUrl, bareBody, devices)));
    }
  }

  const cold = (runs: readonly MutationRun[][]): MutationRun => summary(runs.flatMap((some) => some.slice(0, 1)));
  const warm = (runs: readonly MutationRun[][]): MutationRun => summary(runs.flatMap((some) => some.slice(1 + warmUp)));
  return {
    title: `mutation: ${devices.toLocaleString('en-US')} devices in ${(size / 1_000_000).toFixed(1)} MB, to the POST at the carrier`,
    notes: [
      `Milliseconds; cold: the first of a process, median of ${rounds} processes; warm: after ${warmUp}, median of ${warmRuns} in each; block: the longest the event loop was held up, median.`,
      '`bare` is a yoga server that takes the body as one untyped value, writes it as JSON once and answers a count.',
    ],
    rows: [
      row('cold: gateway', cold(own), cold(floors)),
      row('cold: bare', cold(floors), cold(floors)),
      row('warm: gateway', warm(own), warm(floors)),
      row('warm: bare', warm(floors), warm(floors)),
    ],
  };
}

async function measure(server: BenchProcess, send: () => Promise<number | null>): Promise<MutationRun> {
  await server.probe('begin');
  const started = wallClock();
  const posted = await send();
  const toAnswerMs = wallClock() - started;
  const { cpuMs, longestBlockMs } = await server.probe('end');
  return { cpuMs, toCarrierMs: posted === null ? null : posted - started, toAnswerMs, longestBlockMs };
}

async function sendBare(url: string, body: Buffer, devices: number): Promise<null> {
  const answer = await httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { data } = (await answer.body.json()) as { data?: { activateDevices: number } };
  if (data?.activateDevices !== devices) throw new Error('the bare server did not take the mutation');
  return null;
}

function summary(runs: readonly MutationRun[]): MutationRun {
  const posted = runs.flatMap(({ toCarrierMs }) => toCarrierMs ?? []);
  return {
    cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
    toCarrierMs: posted.length > 0 ? median(posted) : null,
    toAnswerMs: median(runs.map(({ toAnswerMs }) => toAnswerMs)),
    longestBlockMs: median(runs.map(({ longestBlockMs }) => longestBlockMs)),
  };
}

function row(name: string, run: MutationRun, floor: MutationRun): Row {
  return {
    name,
    figures: {
      'CPU ms': run.cpuMs,
      '× bare': run.cpuMs / floor.cpuMs,
      ...(run.toCarrierMs !== null && { 'to the carrier': run.toCarrierMs }),
      'to the answer': run.toAnswerMs,
      block: run.longestBlockMs,
    },
  };
}
