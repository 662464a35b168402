import type { CallbackMessage, SpelledIdentifier } from './callback-message.ts';
import type { EchoedCredentials } from './render-callback.ts';

type Tree = { readonly [name: string]: Tree | string | readonly (Tree | string)[] };

const device = ({ kind, id }: SpelledIdentifier): Tree => ({ Kind: kind, Identifier: id });

/**
 * The older `CallbackRequest` (the first callback table of the activate page): PascalCase, `Device` repeated for each
 * identifier, the result under Data/CarrierService/ChangeDeviceState/Activate. Where a fault goes is inferred: beside
 * Data, as `FaultResponse` with `FaultCode` and `FaultString`.
 */
function legacyTree(message: CallbackMessage, credentials: EchoedCredentials, callbackCount: number): Tree {
  const { content } = message;
  const activated = content.deviceResponse?.activateResponse;
  return {
    Username: credentials?.username ?? '',
    Password: credentials?.password ?? '',
    RequestId: message.requestId,
    Device: (content.deviceIds ?? []).map(device),
    ...(activated && {
      Data: {
        CarrierService: {
          ChangeDeviceState: {
            Activate: {
              DeviceIdentifierCollection: activated.deviceIds.map(device),
              IpAddress: activated.ipAddress,
              State: activated.state,
              ServicePlan: activated.servicePlan,
              FeatureCodes: '',
              DeviceCredential: {
                Username: activated.deviceCredential.username,
                Password: activated.deviceCredential.password,
              },
            },
          },
        },
      },
    }),
    ...(content.faultResponse && {
      FaultResponse: { FaultCode: content.faultResponse.faultcode, FaultString: content.faultResponse.faultstring },
    }),
    Status: content.status,
    CallbackCount: String(callbackCount),
    MaxCallbackThreshold: '4',
  };
}

/** `{ "CallbackRequest": { … } }`, with the two counts as numbers. */
export function renderLegacyJson(message: CallbackMessage, credentials: EchoedCredentials, callbackCount: number): object {
  const tree = legacyTree(message, credentials, callbackCount);
  return { CallbackRequest: { ...tree, CallbackCount: callbackCount, MaxCallbackThreshold: 4 } };
}

/** `<CallbackRequest>…</CallbackRequest>`, lists as repeated elements. */
export function renderLegacyXml(message: CallbackMessage, credentials: EchoedCredentials, callbackCount: number): string {
  const tree = legacyTree(message, credentials, callbackCount);
  return `<?xml version="1.0" encoding="utf-8"?>\n${element('CallbackRequest', tree)}`;
}

function element(name: string, value: Tree[string]): string {
  if (Array.isArray(value)) return value.map((each) => element(name, each)).join('');
  if (typeof value === 'string') return value === '' ? `<${name} />` : `<${name}>${escapeXml(value)}</${name}>`;
  const inner = Object.entries(value).map(([child, content]) => element(child, content));
  return `<${name}>${inner.join('')}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (text: string) => text.replaceAll(/[&<>"]/g, (character) => escapes[character] ?? character);
