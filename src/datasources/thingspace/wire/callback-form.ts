import { isFields, type Fields } from './carrier-values.ts';

/**
 * `REST` is the documented camelCase. `LEGACY` is the older PascalCase of the activation page's first callback table. Listeners
 * that were registered over SOAP still receive it, as JSON or as XML. `WRAPPED` is the same inside a `CallbackRequest`.
 */
export type CallbackForm = 'REST' | 'LEGACY' | 'WRAPPED';

export function formOf(message: Fields): CallbackForm {
  if (isFields(message['CallbackRequest'])) return 'WRAPPED';
  return 'RequestId' in message && !('requestId' in message) ? 'LEGACY' : 'REST';
}

/** Returns the fields of a message, without the wrapper if there is one. */
export function unwrap(message: Fields, form: CallbackForm): Fields {
  return form === 'WRAPPED' ? readObject(message['CallbackRequest']) : message;
}

/** Returns a message in the REST form. */
export function toRest(message: Fields, form: CallbackForm): Fields {
  return form === 'REST' ? message : fromLegacy(unwrap(message, form));
}

/**
 * Puts `fields` (in camelCase) back in front of a stored message: they were taken out of it, and the previous listener needs them.
 * A legacy message gets them in its own PascalCase. The text is edited, because a message may be nested as deep as JSON.stringify
 * can go.
 */
export function withFields(
  json: string,
  fields: Readonly<Record<string, string | number>>,
  form = formOf(JSON.parse(json) as Fields),
): string {
  const named = Object.entries(fields).map(([name, value]) => [
    form === 'REST' ? name : name.replace(/^./, (first) => first.toUpperCase()),
    value,
  ]);
  if (named.length === 0) return json;
  const start = form === 'WRAPPED' ? WRAPPER.length : 1;
  const inserted = JSON.stringify(Object.fromEntries(named)).slice(1, -1);
  return `${json.slice(0, start)}${inserted}${json[start] === '}' ? '' : ','}${json.slice(start)}`;
}

/** The beginning of a stored message that is wrapped. */
const WRAPPER = '{"CallbackRequest":{';

function fromLegacy(body: Fields): Fields {
  const data = readObject(body['Data']);
  const carrierService = readObject(data['CarrierService'] ?? body['CarrierService']);
  const change = readObject(carrierService['ChangeDeviceState']);
  const activate = readObject(change['Activate']);
  const credential = readObject(activate['DeviceCredential']);
  const fault = readObject(body['FaultResponse'] ?? body['Fault'] ?? data['Fault']);
  const activateResponse = {
    deviceIds: readList(activate['DeviceIdentifierCollection'], 'DeviceIdentifier'),
    ipAddress: activate['IpAddress'],
    state: activate['State'],
    stateName: credential['StateName'] ?? activate['StateName'] ?? change['StateName'] ?? body['StateName'],
    serviceName: credential['ServiceName'] ?? activate['ServiceName'] ?? data['ServiceName'] ?? body['ServiceName'],
    servicePlan: activate['ServicePlan'],
    featureCodes: readList(activate['FeatureCodes'], 'FeatureCode'),
    ...(!isEmpty(credential) && { deviceCredential: { username: credential['Username'], password: credential['Password'] } }),
  };
  return {
    requestId: body['RequestId'],
    deviceIds: body['Device'],
    ...(!isEmpty(carrierService) && { deviceResponse: isEmpty(activate) ? {} : { activateResponse } }),
    faultResponse: {
      faultcode: fault['FaultCode'] ?? fault['faultcode'],
      faultstring: fault['FaultString'] ?? fault['faultstring'],
    },
    comment: body['Comment'],
    status: body['Status'],
    maxCallbackThreshold: body['MaxCallbackThreshold'],
  };
}

function readObject(value: unknown): Fields {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isFields(one) ? one : {};
}

function isEmpty(fields: Fields): boolean {
  return Object.keys(fields).length === 0;
}

/** Reads an XML list, which has its entries under `name`, or the entries themselves. */
function readList(value: unknown, name: string): unknown {
  return readObject(value)[name] ?? value;
}
