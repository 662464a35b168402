import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { expect } from 'vitest';
import type { UnkindnessName } from '../../../simulator/unkind/unkindnesses.ts';
import type { ReceivedCallback } from './callback-listener.ts';
import type { CarrierAnswer } from './carrier-client.ts';

export type Operation = 'activate' | 'restore' | 'renew' | 'resume';

/** What came of one device. */
export interface Seen {
  readonly answer: CarrierAnswer;
  readonly callbacks: readonly ReceivedCallback[];
  /** Its state at the carrier; undefined when the carrier does not know it. */
  readonly state: string | undefined;
  /** The answer to a read of its record, and of its history. */
  readonly record: CarrierAnswer;
  readonly history: CarrierAnswer;
}

export interface Row {
  readonly operation?: Operation;
  /** The messages, in order; by default one `Success`. */
  readonly says?: readonly object[];
  readonly shows?: (seen: Seen) => void;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const success = { status: 'Success', deviceResponse: { activateResponse: {} } };
const failed = (code: string) => ({ status: 'Failed', faultResponse: { faultcode: `UnifiedWebService.${code}` } });
const general = 'REQUEST_FAILED.UnexpectedError';
const generalFault = failed(general).faultResponse;
const legacy = { RequestId: expect.stringMatching(GUID) as string, Device: [{ Kind: 'IMEI' }, { Kind: 'ICCID' }] };
const legacyResult = { CarrierService: { ChangeDeviceState: { Activate: { State: 'Active' } } } };
export const json = (text: string): unknown => JSON.parse(text);
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

/** What each unkindness does to an activation, or to another operation. */
export const table: Readonly<Record<UnkindnessName, Row>> = {
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
