/**
 * The older `CallbackRequest` of the activation page's first callback table, PascalCase, as JSON or as XML already parsed to
 * objects. Listeners once registered over SOAP still receive it.
 */
type Fields = Record<string, unknown>;

/** The REST shape of a legacy message, or null when `raw` is not one. */
export function fromLegacyCallback(raw: Fields): Fields | null {
  const body = legacyBody(raw);
  if (body === null) return null;
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

/** The object that holds a legacy message's fields, with or without its `CallbackRequest` wrapper; null for a REST message. */
export function legacyBody(raw: Fields): Fields | null {
  const wrapped = raw['CallbackRequest'];
  if (typeof wrapped === 'object' && wrapped !== null && !Array.isArray(wrapped)) return wrapped as Fields;
  return 'RequestId' in raw && !('requestId' in raw) ? raw : null;
}

function object(value: unknown): Fields {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'object' && one !== null ? (one as Fields) : {};
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
