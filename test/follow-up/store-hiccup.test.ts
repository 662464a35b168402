import { expect, test } from 'vitest';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { SendingStep } from '../../src/datasources/request-log/sending-steps.ts';
import { GatewayError } from '../../src/errors.ts';
import { iccid } from '../support/devices.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openSending } from './support/open-sending.ts';
import type { FlatStore } from '../support/flat-store.ts';

/** A log whose disk is full for the first two writes of one kind of step. */
function fullFor(log: FlatStore, type: SendingStep['type']): FlatStore {
  let left = 2;
  return new Proxy(log, {
    get(target, name) {
      if (name !== 'step') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return (id: string, position: number, step: SendingStep) =>
        step.type === type && left-- > 0
          ? Promise.reject(new GatewayError('STORE_FAILED', 'The disk is full.'))
          : target.step(id, position, step);
    },
  });
}

type Case = readonly [step: SendingStep['type'], fault: Omit<EndpointFault, 'endpoint'> | null, state: string, posts: number];

test.concurrent.each<Case>([
  ['SENDING', null, 'ACCEPTED', 1],
  ['ACCEPTED', null, 'ACCEPTED', 1],
  ['REFUSED', { status: 400, body: { text: '{"errorCode":"UnifiedWebService.A.B","errorMessage":"In words."}' } }, 'REFUSED', 1],
  ['UNANSWERED', { drop: 'before-answer' }, 'UNKNOWN', 1],
  ['REQUEUED', { status: 429, headers: { 'retry-after': '0' } }, 'ACCEPTED', 2],
])(
  'the gateway waits for a disk that is full when it writes %s: the request goes on, and nothing is sent twice',
  async (type, fault, state, posts) => {
    await using simulator = await startSimulator({ magicIdentifiers: false });
    if (fault) simulator.faults.add({ endpoint: 'activate', ...fault });
    await using folder = await tempFolder();
    await using sending = await openSending(simulator, `${folder.path}/store`, { aroundLog: (log) => fullFor(log, type) });
    const { requestLog, sender, failures } = sending;
    const id = await sending.intend(1);
    await sender.send(id);
    expect((await requestLog.carrierRequests([id])).get(id)).toMatchObject([{ state }]);
    expect(failures).toHaveLength(2);
    expect(simulator.ledger.posts).toHaveLength(posts);
    expect(simulator.ledger.performedPerDevice().get(iccid(1)) ?? 0).toBeLessThanOrEqual(1);
  },
);
