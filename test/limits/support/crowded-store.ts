import { incoming } from '../../support/callback-samples.ts';
import { iccid } from '../../support/devices.ts';
import { newRequest } from '../../support/new-request.ts';
import type { FlatStore } from '../../support/flat-store.ts';

/** More than a message shows. */
const IDENTIFIERS = 30;
/** More than a request counts. */
const FAULT_CODES = 120;
const PARTS = 12;

const account = 'account-1';
const strangeIds = Array.from({ length: IDENTIFIERS }, (_, at) => ({ kind: `strange${at}`, id: `${at}` }));

/**
 * Fills a store whose lists are full: devices with more identifiers than are shown, more fault codes than are counted, several
 * carrier requests, retries of retries, and messages of every kind. Gives back ids that are known to it.
 */
export async function crowd(log: FlatStore): Promise<readonly string[]> {
  const devices = Array.from({ length: FAULT_CODES }, (_, at) => [['ICCID', iccid(at + 1)]] as const);
  const each = FAULT_CODES / PARTS;
  const carrierRequests = Array.from({ length: PARTS }, (_, part) => ({
    service: 'CarrierService',
    firstIndex: part * each,
    deviceCount: each,
  }));
  const first = newRequest(devices, { carrierRequests, settings: JSON.stringify({ servicePlan: 'plan', mdnZipCode: '98801' }) });
  await log.create(first);
  for (let part = 0; part < PARTS; part++) {
    await log.step(first.id, part, { type: 'SENDING' });
    await log.step(first.id, part, { type: 'ACCEPTED', carrierRequestId: `carrier-${part}` });
  }
  const fails = devices.map(([[, id]], at) =>
    incoming('CarrierService', {
      requestId: `carrier-${Math.floor(at / each)}`,
      deviceIds: [{ kind: 'ICCID', id }, ...strangeIds],
      faultResponse: { faultcode: `Fault.${at}`, faultstring: 'It failed.' },
      status: 'Failed',
    }),
  );
  await Promise.all(fails.map((fail) => log.append(fail)));
  const nidd = devices.slice(0, 10).map(([[, id]]) =>
    incoming('NiddService', {
      requestId: 'carrier-0',
      niddResponse: { niddConfigResponse: { accountName: 'a', deviceIds: [{ kind: 'ICCID', id }, ...strangeIds] } },
      status: 'ConfigCreated',
    }),
  );
  await Promise.all(nidd.map((message) => log.append(message)));
  const retries = Array.from({ length: 12 }, (_, at) => newRequest([devices[at] ?? []], { retryOf: first.id, createdAt: 2_000 + at }));
  for (const retry of retries) await log.create(retry);
  const again = Array.from({ length: 8 }, (_, at) =>
    newRequest([devices[0] ?? []], { retryOf: retries[0]?.id ?? null, createdAt: 3_000 + at }),
  );
  for (const retry of again) await log.create(retry);
  for (let at = 0; at < 15; at++) {
    await log.append(incoming('DeviceUsage', { requestId: `nobody-${at}`, deviceIds: strangeIds, status: 'Success' }));
    await log.keep(
      { account, service: 'CarrierService', receivedAt: at, reason: 'UNREADABLE', contentType: null, body: Buffer.from(`x${at}`) },
      100,
    );
  }
  await log.recordAudit(
    Array.from({ length: 15 }, () => ({
      caller: 'local',
      action: 'activateDevices',
      account,
      devices: 1,
      subject: first.id,
      outcome: 'CREATED',
    })),
  );
  return [
    first.id,
    ...retries.slice(0, 2).map(({ id }) => id),
    'carrier-0',
    account,
    `out_${first.id.slice(4)}_0`,
    'dead_1',
    'unc_1',
    'aud_1',
  ];
}
