import { isFields, type Fields } from './carrier-values.ts';

/**
 * `REST`: the documented camelCase. `LEGACY`: the older PascalCase of the activation page's first callback table, which
 * listeners once registered over SOAP still receive, as JSON or as XML. `WRAPPED`: the same inside a `CallbackRequest`.
 */
export type CallbackForm = 'REST' | 'LEGACY' | 'WRAPPED';

export function formOf(message: Fields): CallbackForm {
  if (isFields(message['CallbackRequest'])) return 'WRAPPED';
  return 'RequestId' in message && !('requestId' in message) ? 'LEGACY' : 'REST';
}

/** The fields of a message, taken out of the wrapper if there is one. */
export function unwrap(message: Fields, form: CallbackForm): Fields {
  return form === 'WRAPPED' ? object(message['CallbackRequest']) : message;
}

/** A message in the REST form. */
export function toRest(message: Fields, form: CallbackForm): Fields {
  return form === 'REST' ? message : fromLegacy(unwrap(message, form));
}

/**
 * A message as it is stored, with `fields` (in camelCase) first in it: what was taken out of it before, and is for the
 * listener before us. A legacy message gets them in its own PascalCase. The text is edited, because a message may be nested as
 * deep as JSON.stringify can go.
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

/** How a wrapped message is stored. */
const WRAPPER = '{"CallbackRequest":{';

function fromLegacy(body: Fields): Fields {
  const data = object(body['Data']);
  const carrierService = object(data['CarrierService'] ?? body['CarrierService']);
  const change = object(carrierService['ChangeDeviceState']);
  const activate = object(change['Activate']);
  const credential = object(activate['DeviceCredential']);
  const fault = object(body['FaultResponse'] ?? body['Fault'] ?? data['Fault']);
  const hasActivate = Object.keys(activate).length > 0;
  return {
    requestId: body['RequestId'],
    deviceIds: body['Device'],
    ...(Object.keys(carrierService).length > 0 && {
      deviceResponse: hasActivate
        ? {
            activateResponse: {
              deviceIds: collection(activate['DeviceIdentifierCollection']),
              ipAddress: activate['IpAddress'],
              state: activate['State'],
              stateName: credential['StateName'] ?? activate['StateName'] ?? change['StateName'] ?? body['StateName'],
              serviceName: credential['ServiceName'] ?? activate['ServiceName'] ?? data['ServiceName'] ?? body['ServiceName'],
              servicePlan: activate['ServicePlan'],
              featureCodes: featureCodes(activate['FeatureCodes']),
              ...(Object.keys(credential).length > 0 && {
                deviceCredential: { username: credential['Username'], password: credential['Password'] },
              }),
            },
          }
        : {},
    }),
    ...(Object.keys(fault).length > 0 && {
      faultResponse: {
        faultcode: fault['FaultCode'] ?? fault['faultcode'],
        faultstring: fault['FaultString'] ?? fault['faultstring'],
      },
    }),
    comment: body['Comment'],
    status: body['Status'],
    maxCallbackThreshold: body['MaxCallbackThreshold'],
  };
}

function object(value: unknown): Fields {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isFields(one) ? one : {};
}

/** `{DeviceIdentifier: [...]}` (XML), or the list itself. */
function collection(value: unknown): unknown {
  return object(value)['DeviceIdentifier'] ?? value;
}

function featureCodes(value: unknown): unknown[] {
  const inner = object(value)['FeatureCode'] ?? value;
  if (inner === undefined || inner === null || inner === '') return [];
  return Array.isArray(inner) ? inner : [inner];
}
