import type { Hub } from '../../datasources/request-log/hub.ts';
import { LocalLeases } from '../../datasources/request-log/local-leases.ts';
import type { RequestSending } from '../../datasources/request-log/request-sending.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { needsLease } from '../../datasources/request-log/sending-steps.ts';
import type { RemoteCalls } from '../../lib/remote-calls.ts';
import { traceWrites } from '../trace-sending.ts';

/** The parts of the store that other threads call. */
export const STORE_PARTS = [
  'sending',
  'intake',
  'unclaimed',
  'deadLetters',
  'followUp',
  'forwards',
  'audit',
  'facts',
  'keys',
  'upkeep',
  'health',
] as const satisfies readonly (keyof Store)[];

export function nameOfPart(part: (typeof STORE_PARTS)[number]): string {
  return `store.${part}`;
}

/** The store of another thread. What one of its parts is asked for is asked there. It is closed there too. */
export function remoteStore(
  calls: RemoteCalls,
  { epoch, isNew, requests, outcomes }: Pick<Store, 'epoch' | 'isNew' | 'requests' | 'outcomes'>,
  hub: Hub,
): Omit<Store, typeof Symbol.asyncDispose> {
  const part = <Name extends (typeof STORE_PARTS)[number]>(name: Name, own?: Partial<Store[Name]>) =>
    calls.object<Store[Name]>(nameOfPart(name), own);
  const remote = part('sending');
  // A lease lives in this thread.
  const step: RequestSending['step'] = (id, position, given, lease) =>
    needsLease(given) && lease?.over.aborted ? Promise.resolve(false) : remote.step(id, position, given);
  return {
    epoch,
    isNew,
    hub,
    leases: new LocalLeases(),
    requests,
    outcomes,
    sending: part('sending', traceWrites({ create: (request, room) => remote.create(request, room), step })),
    intake: part('intake'),
    unclaimed: part('unclaimed'),
    deadLetters: part('deadLetters'),
    followUp: part('followUp'),
    forwards: part('forwards'),
    audit: part('audit'),
    facts: part('facts'),
    keys: part('keys'),
    upkeep: part('upkeep'),
    health: part('health'),
  };
}
