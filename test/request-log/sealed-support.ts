import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { evidenceOf } from '../../src/datasources/thingspace/wire/evidence.ts';
import { incoming } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { A, B, C, submitted } from './contract-support.ts';
import type { FlatStore } from '../support/flat-store.ts';

export const KEY_A = Buffer.alloc(32, 'a');
export const KEY_B = Buffer.alloc(32, 'b');

export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}

/** Texts that must not be found in the bytes of a store that has a key. Each comes into the store by another way. */
export const MARKERS = {
  name: 'Marker-Lovelace',
  address: 'Marker Street 17',
  customField: 'marker-custom-field',
  deviceAddress: '10.99.88.77',
  memberAddress: '10.99.88.66',
  activationCode: 'LPA:1$marker.example$CODE',
  devicePassword: 'marker-device-password',
  unclaimed: 'marker-of-nobody',
  claimed: 'marker-that-came-early',
  reconciled: 'marker-of-an-answer',
  unreadable: '<marker>unreadable',
  foreign: 'marker-of-another-account',
  copy: 'marker-copied',
} as const;

export interface Marked {
  readonly id: string;
  /** The marker of a device that was read as a member of a group. */
  readonly group: string;
  readonly guid: string;
}

const SETTINGS = {
  primaryPlaceOfUse: { name: MARKERS.name, addressLine1: MARKERS.address },
  customFields: { CustomField1: MARKERS.customField },
};

/** A message with everything that a callback can have. */
export function telling(
  guid: string,
  ids: readonly (readonly [kind: string, id: string])[],
  more: Record<string, unknown> = {},
  account = 'account-1',
) {
  const deviceIds = ids.map(([kind, id]) => ({ kind, id }));
  return incoming('CarrierService', { requestId: guid, deviceIds, status: 'Success', callbackCount: 1, ...more }, { account });
}

/** Puts the markers into the store, each by its own way. */
export async function fillMarked(log: FlatStore): Promise<Marked> {
  const guid = randomUUID();
  const devices = [A, B].map((ids) => ({ deviceIds: ids.map(([kind, id]) => ({ kind, id })), ipAddress: MARKERS.deviceAddress }));
  await log.append(telling(guid, A, { comment: MARKERS.claimed }));
  const id = await submitted(log, [A, B], guid, { devicesJson: JSON.stringify(devices), settings: JSON.stringify(SETTINGS) });
  const credential = { username: 'someone', password: MARKERS.devicePassword };
  const body = {
    deviceResponse: { activateResponse: { state: 'Active', deviceCredential: credential }, activationCode: MARKERS.activationCode },
  };
  await log.append({ ...telling(guid, B, body), forward: { contentType: null, body: Buffer.from(MARKERS.copy) } });
  await log.append(telling(randomUUID(), C, { comment: MARKERS.unclaimed }));
  await log.append(telling(guid, C, { comment: MARKERS.foreign }, 'account-2'));
  const message = { account: 'account-1', service: 'CarrierService', receivedAt: 1_000, reason: 'UNREADABLE', contentType: null } as const;
  await log.keep({ ...message, body: Buffer.from(MARKERS.unreadable) }, 10);
  const group = newRequest(null, { settings: JSON.stringify(SETTINGS) });
  await log.create(group);
  await log.setMembers(group.id, [{ deviceIds: C.map(([kind, each]) => ({ kind, id: each })), ipAddress: MARKERS.memberAddress }]);
  await log.step(group.id, 0, { type: 'SENDING' });
  await log.step(group.id, 0, { type: 'ACCEPTED', carrierRequestId: randomUUID() });
  const said = { succeeded: true, deviceIds: [{ id: C[0][1], reportedKind: 'ICCID' }], state: MARKERS.reconciled };
  await log.reconcile([{ requestId: group.id, position: 0, index: null, ...evidenceOf('DeviceList', said) }]);
  return { id, group: group.id, guid };
}

/** Everything that the log gives back, as one text. Every marker is found in it. */
export async function readBack(log: FlatStore, { id, group }: Marked): Promise<string> {
  const sendable = await Promise.all([id, group].map((each) => log.sendable(each)));
  const pages = await log.outcomePages([id, group].map((requestId) => ({ requestId, statuses: null, afterIndex: -1, limit: 10 })));
  const kept = (await log.deadLetters({ accounts: null, reason: null }, null, 10)).rows;
  const keptAgain = await log.deadLettersById(
    kept.map((each) => each.id),
    null,
  );
  const forwards = await log.forwards({ account: 'account-1', service: 'CarrierService' }, 10);
  return [
    JSON.stringify([sendable, pages, (await log.read(id, 0, 100))?.outcomes, (await log.unclaimed(null, null, 10)).rows]),
    ...[...kept, ...keptAgain.values(), ...forwards].map(({ body }) => Buffer.from(body).toString()),
  ].join('\n');
}

/** The markers that are readable in a store's files. */
export function markersIn(path: string): string[] {
  const bytes = Buffer.concat(
    ['', '-wal', '-journal', '-shm'].flatMap((end) => (existsSync(path + end) ? [readFileSync(path + end)] : [])),
  );
  return Object.entries(MARKERS).flatMap(([name, marker]) => (bytes.includes(marker) ? [name] : []));
}
