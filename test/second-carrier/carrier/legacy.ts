import type { Line } from './line.ts';

export interface Told {
  readonly requestId: string;
  readonly line: Line;
  readonly status: string;
  readonly fault: { readonly code: string; readonly words: string } | null;
  readonly comment: string | null;
  /** Status, Comment and Fault inside Data, as the list of Data's children has them; otherwise at the top, as the table of Activate. */
  readonly inside: boolean;
}

export interface Written {
  readonly text: string;
  readonly type: string;
}

/** The `CallbackRequest` of SOAP registrations, in the names of the callback table of the page on Activate, as JSON. */
export function legacy({ requestId, line, status, fault, comment, inside }: Told): Written {
  const Activate = {
    DeviceIdentifierCollection: [
      { Kind: 'Mdn', Identifier: line.mdn },
      { Kind: 'Iccid', Identifier: line.iccid },
    ],
    IpAddress: '10.9.8.7',
    State: 'WA',
    ServicePlan: 'm2m4G',
  };
  const ends = { Fault: fault && { FaultCode: fault.code, FaultString: fault.words }, Comment: comment, Status: status };
  const CarrierService = fault || status === 'Pending' ? null : { ChangeDeviceState: { Activate } };
  const message = {
    Username: 'listener',
    Password: 'password-of-the-listener',
    RequestId: requestId,
    Device: [{ Kind: 'Iccid', Identifier: line.iccid }],
    Data: { CarrierService, ...(inside && ends), Usage: null, Summary: null },
    ...(!inside && ends),
    CallbackCount: 1,
    MaxCallbackThreshold: 4,
  };
  return { text: JSON.stringify({ CallbackRequest: message }), type: 'application/json' };
}

/** The same as XML; what is unused is nil. */
export function legacyXml(told: Told): Written {
  const { requestId, line, status, fault, comment, inside } = told;
  const active = `<ChangeDeviceState><Activate>
      <DeviceIdentifierCollection><Kind>Mdn</Kind><Identifier>${line.mdn}</Identifier></DeviceIdentifierCollection>
      <DeviceIdentifierCollection><Kind>Iccid</Kind><Identifier>${line.iccid}</Identifier></DeviceIdentifierCollection>
      <IpAddress>10.9.8.7</IpAddress><State>WA</State><ServicePlan>m2m4G</ServicePlan><FeatureCodes xsi:nil="true"/>
    </Activate></ChangeDeviceState>`;
  const nil = (name: string) => `<${name} xsi:nil="true"/>`;
  const ends = `${fault ? `<Fault><faultcode>${fault.code}</faultcode><faultstring>${fault.words}</faultstring></Fault>` : nil('Fault')}
    ${comment === null ? nil('Comment') : `<Comment>${comment}</Comment>`}<Status>${status}</Status>`;
  const text = `<?xml version="1.0" encoding="utf-8"?>
<CallbackRequest xmlns="http://nphase.com/unifiedwebservice/v2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Username>listener</Username><Password>password-of-the-listener</Password><RequestId>${requestId}</RequestId>
  <Device><Kind>Iccid</Kind><Identifier>${line.iccid}</Identifier></Device>
  <Data>
    ${fault || status === 'Pending' ? nil('CarrierService') : `<CarrierService>${active}</CarrierService>`}
    ${nil('Usage')}${nil('PromoChange')}${inside ? ends : ''}
  </Data>
  ${inside ? '' : ends}<CallbackCount>1</CallbackCount><MaxCallbackThreshold>4</MaxCallbackThreshold>
</CallbackRequest>`;
  return { text, type: 'text/xml; charset=utf-8' };
}
