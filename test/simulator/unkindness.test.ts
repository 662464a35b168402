import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type UnkindnessName, unkindnesses } from '../../simulator/unkind/unkindnesses.ts';
import type { ReceivedCallback } from './support/callback-listener.ts';
import { account, byIccid, byImeiAndIccid, type CarrierAnswer } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

type Operation = 'activate' | 'restore' | 'renew' | 'resume';

/** What came of one device. */
interface Seen {
  readonly answer: CarrierAnswer;
  readonly callbacks: readonly ReceivedCallback[];
  /** Its state at the carrier; undefined when the carrier does not know it. */
  readonly state: string | undefined;
  /** The answer to a read of its record, and of its history. */
  readonly record: CarrierAnswer;
  readonly history: CarrierAnswer;
}

interface Row {
  readonly operation?: Operation;
  /** The messages, in order; by default one `Success`. */
  readonly says?: readonly object[];
  readonly shows?: (seen: Seen) => void;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const success = { status: 'Success', deviceResponse: { activateResponse: {} } };
const failed = (code: string) => ({ status: 'Failed', faultResponse: { faultcode: `UnifiedWebService.${code}` } });
const general = 'REQUEST_FAILED.UnexpectedError';
const generalFault = failed(general).faultResponse;
const legacy = { RequestId: expect.stringMatching(GUID) as string, Device: [{ Kind: 'IMEI' }, { Kind: 'ICCID' }] };
const legacyResult = { CarrierService: { ChangeDeviceState: { Activate: { State: 'Active' } } } };
const json = (text: string): unknown => JSON.parse(text);
const only = ({ callbacks }: Seen): ReceivedCallback => {
  expect(callbacks).toHaveLength(1);
  return callbacks[0] as ReceivedCallback;
};
const wrapped = (read: (callback: ReceivedCallback) => string): Row => ({
  says: [],
  shows: (seen) => expect(json(read(only(seen)))).toMatchObject({ status: 'Success' }),
});
const answered = (read: (answer: CarrierAnswer) => unknown): Row => ({
  shows: ({ answer }) => {
    expect(answer.status).toBe(200);
    expect(read(answer)).toEqual({ requestId: expect.stringMatching(GUID) as string });
  },
});
const refused = (body: object): Row => ({
  says: [],
  shows: ({ answer, record }) => {
    expect(answer).toMatchObject({ status: 400, json: body });
    expect(record).toMatchObject({ status: 400 });
  },
});
const firewalled = (status: number): Row => ({
  says: [],
  shows: ({ answer, state }) => {
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'text/html' } });
    expect(answer.text).toContain('<html>');
    expect(state).toBeUndefined();
  },
});

const table: Readonly<Record<UnkindnessName, Row>> = {
  late: {},
  silent: { says: [], shows: ({ state }) => expect(state).toBe('active') },
  'pending-first': { says: [{ status: 'Pending' }, success] },
  twice: { says: [success, success], shows: ({ callbacks }) => expect(callbacks[0]?.body).toBe(callbacks[1]?.body) },
  'nidd-failed': { says: [success, { status: 'ConfigFailed' }] },
  contradiction: { says: [success, failed(general)] },
  'nidd-created': { says: [success, { status: 'ConfigCreated' }] },
  'wrong-state': { says: [failed('INPUT_INVALID.DeviceState.Invalid')] },
  'other-account': { says: [failed('INPUT_INVALID.Device.Account.Invalid')] },
  'not-found': { says: [failed('REQUEST_FAILED.DeviceNotFound')] },
  'already-active': { says: [failed('REQUEST_FAILED.DeviceAlreadyActive')] },
  'plan-not-found': { says: [failed('REQUEST_FAILED.ServicePlan.NotFound')] },
  'general-error': { says: [failed(general)] },
  'on-hold-then-success': { says: [failed('REQUEST_ONHOLD.CreditApproval'), success] },
  'on-hold-then-denied': { says: [failed('REQUEST_ONHOLD.CreditApproval'), failed('REQUEST_CANCELLED.CreditApproval')] },
  'fault-with-success': { says: [{ status: 'Success', faultResponse: generalFault }] },
  'fault-without-status': {
    says: [{ faultResponse: generalFault }],
    shows: (seen) => expect(json(only(seen).body)).not.toHaveProperty('status'),
  },
  'fault-with-pending': { says: [{ status: 'Pending', faultResponse: generalFault }, failed(general)] },
  'warning-first': { says: [{ status: 'WARNING', comment: expect.any(String) as string, deviceResponse: {} }, success] },
  'not-restored': {
    operation: 'restore',
    says: [{ status: 'Success', deviceResponse: { restoreResponse: { restored: 'false' } } }],
    shows: ({ state }) => expect(state).toBe('suspend'),
  },
  'profile-already': {
    operation: 'resume',
    says: [
      {
        status: 'Failed',
        deviceIds: [{ kind: 'Eid' }, { kind: 'Iccid' }],
        faultResponse: { faultstring: expect.stringMatching(/already/) as string },
      },
      { status: 'SUCCESS' },
    ],
  },
  'shows-download-enable': {
    operation: 'resume',
    says: [{ status: 'SUCCESS', deviceResponse: { deviceProfileResponse: { profileStatus: 'DOWNLOAD_ENABLE' } } }],
    shows: ({ record }) => expect(record.text).toContain('{"key":"ProfileStatus","value":"DOWNLOAD_ENABLE"}'),
  },
  'record-refused': {
    says: [],
    shows: ({ state, record, history }) => {
      expect(state).toBe('active');
      expect(record).toMatchObject({ status: 400, json: { errorCode: `UnifiedWebService.${general}` } });
      expect(history.status).toBe(200);
    },
  },
  'named-by-mdn': {
    operation: 'restore',
    says: [{ status: 'Success' }],
    shows: (seen) => expect(json(only(seen).body)).toMatchObject({ deviceIds: [{ kind: 'mdn' }] }),
  },
  'named-by-mdn-and-imei': {
    operation: 'renew',
    says: [{ status: 'SUCCESS', deviceResponse: { deviceProfileResponse: { activationCode: expect.any(String) as string } } }],
    shows: (seen) => {
      const identifiers = [{ kind: 'mdn' }, { kind: 'imei' }];
      const deviceResponse = { deviceProfileResponse: { deviceIdentifierCollection: identifiers } };
      expect(json(only(seen).body)).toMatchObject({ deviceIds: identifiers, deviceResponse });
    },
  },
  'fault-names-one': {
    says: [failed(general)],
    shows: (seen) => expect(json(only(seen).body)).toMatchObject({ deviceIds: [{ kind: 'Imei' }] }),
  },
  'pascal-case': {
    says: [
      {
        RequestId: expect.any(String) as string,
        DeviceIds: [{ Kind: 'IMEI' }, {}],
        DeviceResponse: { ActivateResponse: { State: 'Active' } },
        Status: 'Success',
      },
    ],
  },
  'fault-pascal-case': { says: [{ status: 'Failed', FaultResponse: { FaultCode: generalFault.faultcode } }] },
  'fault-in-response': { says: [{ status: 'Failed', deviceResponse: { activateResponse: { faultResponse: generalFault } } }] },
  'legacy-json': { says: [{ CallbackRequest: { ...legacy, Data: legacyResult, Status: 'Success' } }] },
  'legacy-json-in-data': { says: [{ CallbackRequest: { ...legacy, Data: { ...legacyResult, Status: 'Success' } } }] },
  'legacy-xml': {
    says: [],
    shows: (seen) =>
      expect(only(seen)).toMatchObject({
        contentType: 'text/xml; charset=utf-8',
        body: expect.stringMatching(/<\/Data><Status>Success</) as string,
      }),
  },
  'legacy-xml-in-data': { says: [], shows: (seen) => expect(only(seen).body).toMatch(/<Status>Success<\/Status><\/Data><CallbackCount>/) },
  'callback-gzip': {
    says: [],
    shows: (seen) => {
      expect(only(seen).contentEncoding).toBe('gzip');
      expect(json(gunzipSync(only(seen).bytes).toString())).toMatchObject(success);
    },
  },
  'callback-utf-16': wrapped(({ bytes }) => bytes.toString('utf16le').slice(1)),
  'callback-latin1': {
    says: [],
    shows: (seen) => {
      expect(only(seen).contentType).toBe('application/json; charset=latin1');
      expect(json(only(seen).bytes.toString('latin1'))).toMatchObject({ comment: 'Terminé' });
    },
  },
  'callback-references': wrapped(({ body }) =>
    body
      .replace(/^<\?xml.*?\?><string>/, '')
      .replace(/<\/string>$/, '')
      .replaceAll(/&#x(\w+);/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
  ),
  'callback-list': wrapped(({ body }) => body.slice(1, -1)),
  'callback-slash': { shows: (seen) => expect(only(seen).path).toBe('/CarrierService/') },
  'answer-bom': answered(({ bytes }) => {
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from('efbbbf', 'hex'));
    return json(bytes.subarray(3).toString());
  }),
  'answer-gzip': answered(({ bytes }) => json(gunzipSync(bytes).toString())),
  'answer-deflate': answered(({ bytes }) => json(inflateSync(bytes).toString())),
  'answer-br': answered(({ bytes }) => json(brotliDecompressSync(bytes).toString())),
  'answer-pascal-case': { shows: ({ answer }) => expect(answer.json).toEqual({ RequestId: expect.stringMatching(GUID) as string }) },
  'answer-list': answered((answer) => (answer.json as unknown[])[0]),
  'answer-blanks': {
    shows: ({ answer }) => expect(answer.json).toEqual({ requestId: expect.stringMatching(/^\s+[-0-9a-f]{36}\s+$/) as string }),
  },
  'answer-braces': {
    shows: ({ answer }) => expect(answer.json).toEqual({ requestId: expect.stringMatching(/^\{[-0-9A-F]{36}\}$/) as string }),
  },
  'one-as-object': { shows: ({ history }) => expect(history.json).toMatchObject({ provisioningHistory: [{}], hasMoreData: false }) },
  'error-pascal-case': refused({ ErrorCode: expect.any(String) as string, ErrorMessage: expect.any(String) as string }),
  'error-list': refused([{ errorCode: expect.any(String) as string }]),
  'firewall-200': firewalled(200),
  'firewall-403': firewalled(403),
  'firewall-404': firewalled(404),
  'empty-answer': {
    shows: ({ answer, state }) => {
      expect(answer).toMatchObject({ status: 200, text: '' });
      expect(state).toBe('active');
    },
  },
};

const eid = { kind: 'eid', id: '89049032000000000000000000000001' };
const requests: Readonly<Record<Operation, (iccid: string) => readonly [path: string, body: object]>> = {
  activate: (iccid) => ['/devices/actions/activate', { servicePlan: 'm2m4G2GB', mdnZipCode: '98801', devices: [byImeiAndIccid(iccid)] }],
  restore: (iccid) => ['/devices/actions/restore', { devices: [byIccid(iccid)] }],
  renew: (iccid) => ['/devices/profile/actions/renew_activation_code', { devices: [{ deviceIds: [eid, { kind: 'iccid', id: iccid }] }] }],
  resume: (iccid) => ['/devices/profile/actions/profile_resume', { devices: [byIccid(iccid)] }],
};

async function openUnkind() {
  const clock = new ManualClock();
  const scene = await openScene(['CarrierService', 'NiddService', 'DeviceProfileService'], { clock, callbackDelayMs: [100, 100] });
  const { simulator, listener, client } = scene;
  /** One operation on one device, until all is said. */
  const see = async (name: UnkindnessName, iccid: string): Promise<Seen> => {
    listener.received.length = 0;
    const [path, body] = requests[table[name].operation ?? 'activate'](iccid);
    const answer = await client.call('POST', path, { accountName: account, ...body });
    if (name === 'late') {
      const { callbacksSent } = simulator.ledger.counts;
      clock.advance(59_999);
      expect(simulator.ledger.counts.callbacksSent).toBe(callbacksSent);
    }
    clock.advance(105);
    await simulator.idle();
    const deviceId = { kind: 'iccid', id: iccid };
    const days = { earliest: '2025-12-31T00:00:00Z', latest: '2026-12-31T00:00:00Z' };
    return {
      answer,
      callbacks: [...listener.received],
      state: simulator.inventory.byIdentifiers([{ kind: 'iccid', id: iccid }])?.state,
      record: await client.call('POST', '/devices/actions/list', { deviceId }),
      history: await client.call('POST', '/devices/history/actions/list', { deviceId, ...days }),
    };
  };
  const check = (name: UnkindnessName, seen: Seen) => {
    const { says = [success], shows } = table[name];
    const isJson = says.length > 0 || seen.callbacks.length === 0;
    if (isJson) expect(seen.callbacks.map(({ body }) => json(body))).toMatchObject(says);
    shows?.(seen);
  };
  return { ...scene, see, check };
}

test('every unkindness does what its row says, to the device that has its magic identifier', async () => {
  await using scene = await openUnkind();
  for (const { name, suffix } of unkindnesses) {
    const seen = await scene.see(name, `8914800078080078${suffix}`);
    try {
      scene.check(name, seen);
    } catch (error) {
      throw new Error(`${suffix} ${name}`, { cause: error });
    }
  }
});

test('every unkindness does what its row says, to every device, by a switch of the admin API', async () => {
  await using scene = await openUnkind();
  const turn = (names: readonly string[]) =>
    scene.client.send('POST', `${scene.simulator.adminUrl}/faults/unkind`, JSON.stringify({ names }), {});
  for (const [at, { name }] of unkindnesses.entries()) {
    expect((await turn([name])).status).toBe(200);
    expect(scene.simulator.faults.unkind.on).toEqual([name]);
    const seen = await scene.see(name, `891480007808007${73_000 + at}`);
    try {
      // An error is needed for the two that spell one.
      if (name.startsWith('error-')) expect(seen.answer.status).toBe(200);
      else scene.check(name, seen);
    } catch (error) {
      throw new Error(`the switch ${name}`, { cause: error });
    }
  }
  expect(await turn(['rude'])).toMatchObject({ status: 400, json: { error: expect.stringContaining('on-hold-then-success') as string } });
  scene.simulator.faults.clear();
  expect(scene.simulator.faults.unkind.on).toEqual([]);
});

test('an error is spelled as the switch says, and a list of one registration is one object', async () => {
  await using scene = await openScene(['CarrierService'], { unkind: ['error-pascal-case', 'error-list', 'one-as-object'] });
  expect(await scene.client.activate({ servicePlan: 'nothing' })).toMatchObject({
    status: 400,
    json: [{ ErrorCode: 'UnifiedWebService.REQUEST_FAILED.ServicePlan.NotFound', ErrorMessage: expect.any(String) as string }],
  });
  expect((await scene.client.call('GET', `/callbacks/${account}`)).json).toMatchObject({ serviceName: 'CarrierService' });
});

test('unkindnesses combine: what is said, how it is spelled, and what is around it', async () => {
  await using scene = await openScene(['CarrierService'], {
    unkind: ['warning-first', 'legacy-json-in-data', 'callback-list', 'callback-latin1', 'callback-gzip', 'callback-slash'],
  });
  const { simulator, listener, client } = scene;
  await client.activated('89148000780800784259');
  await simulator.idle();
  const messages = listener.received.map(({ path, bytes }) => [path, json(gunzipSync(bytes).toString('latin1'))]);
  expect(messages).toMatchObject([
    ['/CarrierService/', [{ CallbackRequest: { Data: { Status: 'WARNING', Comment: 'Terminé' } } }]],
    ['/CarrierService/', [{ CallbackRequest: { Data: { Status: 'Success' } } }]],
  ]);
});

test('a magic identifier counts as ordinary when magic is turned off', async () => {
  await using scene = await openScene(['CarrierService'], { magicIdentifiers: false });
  const { simulator, listener, client } = scene;
  await client.activated('89141390780800784040');
  await simulator.idle();
  expect(listener.messages.map(({ status }) => status)).toEqual(['Success']);
});
