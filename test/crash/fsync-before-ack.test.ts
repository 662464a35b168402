import { expect, test } from 'vitest';
import { ACKNOWLEDGED_BEFORE_COMMIT, NOT_SYNCED } from '../planted-bugs/planted-bugs.ts';
import { plantedTree } from '../support/planted-tree.ts';
import { readTrace, traceEnd, type TracedCall } from '../support/read-trace.ts';
import { noStrace, SYNCS } from '../support/strace.ts';
import { openDoorProcess } from './support/door-process.ts';

const reason = noStrace();
if (reason !== null) process.stderr.write(`That a callback is synced before its answer is not tested: ${reason}.\n`);

const ONE_BY_ONE = 20;
const BURSTS = 4;
const BURST = 20;
/** More than a page of the log, so that strace shows the markers in it. */
const BYTES = 4_200;

test.skipIf(reason !== null)('each callback is written and synced before its 200 leaves, alone and in bursts', async () => {
  const { acknowledged, tooEarly } = await trace();
  expect(tooEarly).toEqual([]);
  expect(acknowledged).toBe(ONE_BY_ONE + BURSTS * BURST);
});

test.skipIf(reason !== null).each([ACKNOWLEDGED_BEFORE_COMMIT, NOT_SYNCED])('the trace shows it when $name', async ({ edits }) => {
  await using tree = await plantedTree(edits);
  const { tooEarly } = await trace(tree.path);
  expect(tooEarly.length).toBeGreaterThan(ONE_BY_ONE);
});

/** Sends callbacks to a traced gateway. Gives back those whose 200 left before a sync of their row had ended. */
async function trace(folder?: string): Promise<{ acknowledged: number; tooEarly: string[] }> {
  const tracing = { calls: `pwrite64,write,writev,sendto,sendmsg,${SYNCS}`, bytes: BYTES, addresses: true };
  await using door = await openDoorProcess({ tracing, folder });
  const sent: { readonly marker: number; readonly port: number }[] = [];
  const send = async (marker: number) => {
    const { status, port } = await door.post(marker);
    expect(status).toBe(200);
    sent.push({ marker, port });
  };
  for (let marker = 0; marker < ONE_BY_ONE; marker++) await send(marker);
  for (let burst = 0; burst < BURSTS; burst++) {
    await Promise.all(Array.from({ length: BURST }, (_, at) => send(ONE_BY_ONE + burst * BURST + at)));
  }
  door.gateway.kill('SIGTERM');
  await traceEnd(door.traceFile, door.gateway.pid);
  return judge(readTrace(door.traceFile), sent, new URL(door.gateway.callbacks).port);
}

function judge(calls: readonly TracedCall[], sent: readonly { readonly marker: number; readonly port: number }[], doorPort: string) {
  const rows = calls.filter(({ name, target }) => name === 'pwrite64' && target.endsWith('-wal'));
  const syncs = calls.filter(({ name, target, result }) => SYNCS.split(',').includes(name) && target.endsWith('-wal') && result === 0);
  const answers = answersByPort(calls, doorPort);
  const taken = new Map<number, number>();
  const tooEarly: string[] = [];
  for (const { marker, port } of sent) {
    // A connection carries one callback at a time, so its n-th 200 answers its n-th callback.
    const nth = taken.get(port) ?? 0;
    taken.set(port, nth + 1);
    const answer = answers.get(port)?.[nth];
    const row = rows.find(({ args }) => args.includes(`marker ${marker}.`));
    const synced = row && syncs.some(({ began, ended }) => began > row.ended && ended < (answer?.began ?? 0));
    if (!synced) tooEarly.push(`callback ${marker}: row at line ${row?.ended ?? 'none'}, 200 at line ${answer?.began ?? 'none'}`);
  }
  return { acknowledged: sent.length, tooEarly };
}

/** The 200s that the callback door sent, by the port of the other end. */
function answersByPort(calls: readonly TracedCall[], doorPort: string): Map<number, TracedCall[]> {
  const answers = new Map<number, TracedCall[]>();
  for (const call of calls) {
    const ends = /^TCP:\[127\.0\.0\.1:(\d+)->127\.0\.0\.1:(\d+)\]$/.exec(call.target);
    if (ends?.[1] !== doorPort || !call.args.includes('"HTTP/1.1 200')) continue;
    const port = Number(ends[2]);
    answers.set(port, [...(answers.get(port) ?? []), call]);
  }
  return answers;
}
