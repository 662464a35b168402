import { canary, type CanaryName } from '../canaries.ts';

const ICCID = { kind: 'iccid', id: canary('iccid') };
const OURS = { username: canary('callbackUsername'), password: canary('callbackPassword') };

/** A settled activation of the device with this ICCID, as the carrier reports it, with whatever else it might say. */
export function activated(requestId: string, { iccid = canary('iccid'), password = 'devicePassword' as CanaryName, ...more } = {}): object {
  return {
    ...OURS,
    requestId,
    deviceIds: [{ kind: 'iccid', id: iccid }],
    deviceResponse: {
      activateResponse: {
        deviceIds: [{ kind: 'mdn', id: canary('mdn') }],
        ipAddress: '10.224.48.88',
        state: 'Active',
        featureCodes: [],
        deviceCredential: { username: canary('deviceUsername'), password: canary(password) },
        [canary('unknownKey')]: canary('unknownValue'),
      },
    },
    comment: canary('comment'),
    status: 'Success',
    callbackCount: 1,
    maxCallbackThreshold: 4,
    ...more,
  };
}

export function failed(requestId: string, iccid: string): object {
  return {
    requestId,
    deviceIds: [{ kind: 'iccid', id: iccid }],
    faultResponse: { faultcode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError', faultstring: canary('faultMessage') },
    status: 'Failed',
  };
}

export function renewed(requestId: string, code: CanaryName): object {
  return {
    requestId,
    deviceIds: [{ kind: 'eid', id: canary('eid') }],
    deviceResponse: { deviceProfileResponse: { state: 'ACTIVE', profileStatus: 'UNKNOWN', activationCode: canary(code) } },
    status: 'SUCCESS',
  };
}

export function nidd(requestId: string): object {
  const niddConfigResponse = { accountName: 'none', reason: canary('niddReason'), deviceIds: [ICCID], secret: canary('niddSecret') };
  return { ...OURS, requestId, niddResponse: { niddConfigResponse }, status: 'ConfigFailed' };
}

export function legacyXml(requestId: string, iccid: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><CallbackRequest>
    <Username>${OURS.username}</Username><Password>${xml(OURS.password)}</Password><RequestId>${requestId}</RequestId>
    <Device><Kind>ICCID</Kind><Identifier>${iccid}</Identifier></Device>
    <Data><CarrierService><ChangeDeviceState><Activate>
      <DeviceCredential><Username>${canary('legacyUsername')}</Username><Password>${canary('legacyPassword')}</Password>
        <StateName>${canary('stateName')}</StateName></DeviceCredential>
    </Activate></ChangeDeviceState></CarrierService></Data><Status>Success</Status></CallbackRequest>`;
}

export interface Aside {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly contentType?: string;
}

/** Messages that become dead letters, each with secrets of a device, all but one with our own password too. */
export function unreadable(): Aside[] {
  const own = OURS.password;
  const cut = JSON.stringify({ ...OURS, deviceCredential: { password: canary('unreadablePassword') } }).slice(0, -1);
  const wide = `{"activationCode":"${canary('unreadableActivationCode')}"`;
  const deep = `{"password":${JSON.stringify(own)},"more":${'['.repeat(20_000)}"${canary('deepPassword')}"${']'.repeat(20_000)}}`;
  return [
    { name: 'cut short', body: cut },
    { name: 'UTF-16', body: Buffer.from(`\ufeff${wide}`, 'utf16le') },
    {
      name: 'a DTD',
      body: `<!DOCTYPE x [<!ENTITY p "${canary('dtdPassword')}">]><CallbackRequest><Password>${xml(own)}</Password></CallbackRequest>`,
      contentType: 'text/xml',
    },
    { name: 'too deep', body: deep },
    {
      name: 'no message',
      body: `${canary('unreadableText')} ${own} ${canary('previousPassword')}`,
      contentType: `text/${canary('contentType')}`,
    },
  ];
}

/** With the credentials of somebody else. */
export function quarantined(requestId: string): object {
  return { ...renewed(requestId, 'quarantinedActivationCode'), username: 'somebody', password: canary('quarantinedPassword') };
}

/** Of services that are not followed: a reader is shown what holds no secret. */
export function usage(): object[] {
  return [
    { ...OURS, requestId: 'usage-1', usage: canary('usageText'), listener: [{ by: `as ${OURS.password}` }], comment: 'shown' },
    { ...OURS, requestId: 'usage-2', modem: { password: canary('usagePassword') }, comment: 'not shown' },
  ];
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
