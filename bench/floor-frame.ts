import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { iccid } from '../test/support/devices.ts';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { EventQueue } from './event-queue.ts';
import type { FloorFrames } from './load-plan.ts';
import { serveCommands } from './serve-commands.ts';

/**
 * The floor under a frame: graphql-js executes the followers' document on plain objects from memory, and graphql-ws sends what comes
 * out, once for each subscriber. Nothing is read, matched or shared. Every 60 ms each subscriber gets one frame, as from a gateway.
 */
const TICK_MS = 60;
const events = new EventTarget();
let subscribers = 0;

const schema = buildSchema(`
  type Query { ok: Boolean! }
  type Identifier { kind: String! value: String! }
  type Fault { code: String! message: String! }
  type Device { index: Int! id: ID! status: String! state: String ipAddress: String servicePlan: String receivedAt: String! deviceIds: [Identifier!]! fault: Fault }
  type Progress { total: Int! settled: Int! succeeded: Int! failed: Int! }
  type Status { cursor: String! status: String! progress: Progress! outcomes: [Device!]! }
  type Subscription { requestStatus(requestId: ID!, batchSize: Int): Status! }
`);

const server = createServer();
useServer(
  {
    schema,
    roots: {
      subscription: {
        requestStatus: ({ requestId }: { requestId: string }) => {
          subscribers++;
          return new EventQueue<object>(events, requestId, () => subscribers--);
        },
      },
    },
  },
  new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false }),
);

let prepared: CustomEvent<object>[][] = [];

/** Makes the events of each tick before the clock starts. Gives back their number. */
function prepare({ requests, devicesAFrame }: FloorFrames): number {
  const ticks = Math.max(...requests.map(({ devices }) => Math.ceil(devices / devicesAFrame)));
  prepared = Array.from({ length: ticks }, (_, tick) =>
    requests.flatMap(({ requestId, firstDevice, devices }) => {
      const from = tick * devicesAFrame;
      const to = Math.min(devices, from + devicesAFrame);
      if (from >= to) return [];
      const outcomes = Array.from({ length: to - from }, (__, at) => device(requestId, from + at, firstDevice + from + at));
      const progress = { total: devices, settled: to, succeeded: to, failed: 0 };
      const status = to === devices ? 'SUCCEEDED' : 'IN_PROGRESS';
      const requestStatus = { cursor: `${requestId}_${String(to).padStart(20, '0')}`, status, progress, outcomes };
      return [new CustomEvent(requestId, { detail: { requestStatus } })];
    }),
  );
  return prepared.reduce((sum, each) => sum + each.length, 0);
}

function device(requestId: string, index: number, number: number): object {
  const mdn = String(5_000_000_000 + number);
  return {
    index,
    id: `${requestId}_${index}`,
    status: 'SUCCEEDED',
    state: 'Active',
    ipAddress: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    servicePlan: 'the service plan name',
    receivedAt: '2026-01-01T00:00:00.000Z',
    deviceIds: [
      { kind: 'IMEI', value: `9900${String(number).padStart(10, '0')}0` },
      { kind: 'ICCID', value: iccid(number) },
      { kind: 'MDN', value: mdn },
      { kind: 'IMSI', value: `311480${String(number).padStart(9, '0')}` },
      { kind: 'MSISDN', value: `1${mdn}` },
      { kind: 'MIN', value: String(2_000_000_000 + number) },
    ],
    fault: null,
  };
}

async function emit(): Promise<void> {
  for (const tick of prepared) {
    for (const event of tick) events.dispatchEvent(event);
    await delay(TICK_MS);
  }
}

serveCommands({
  listen: async () => `ws://127.0.0.1:${(await listenOnLoopback(server)).port}/graphql`,
  subscribers: () => subscribers,
  prepare,
  emit,
});
