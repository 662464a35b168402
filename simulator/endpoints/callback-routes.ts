import { z } from 'zod';
import type { AccountBook } from '../accounts/account-book.ts';
import type { Sessions } from '../auth/sessions.ts';
import type { CallbackRegistry } from '../callbacks/callback-registry.ts';
import { serviceName } from '../callbacks/service-names.ts';
import { ok, type Route } from '../http/route.ts';
import { parseJsonBody } from '../http/request-body.ts';
import type { Settings } from '../options.ts';
import { Refusal } from '../refusal.ts';

const registration = z.looseObject({
  name: z.string(),
  url: z.string(),
  username: z.string().nullish(),
  password: z.string().nullish(),
});

const maxCredentialLength = 40;

/** Ports the carrier calls: 80, 443, 9001-9006, 50551-50559, 28200-28220 (page "Register Callback Listener"). */
const portRanges = [
  [80, 80],
  [443, 443],
  [9001, 9006],
  [50551, 50559],
  [28200, 28220],
] as const;

/**
 * Registration of callback listeners (pages "List", "Register" and "Deregister Callback Listener"). The request says `name`,
 * the answers say `serviceName`. The codes of the refusals are inferred; the rules are documented.
 */
export function callbackRoutes(parts: {
  accounts: AccountBook;
  registry: CallbackRegistry;
  sessions: Sessions;
  settings: Settings;
}): Route[] {
  const { accounts, registry, sessions, settings } = parts;
  const common = { guard: 'session', dialect: 'business' } as const;
  return [
    {
      ...common,
      endpoint: 'callbackList',
      method: 'GET',
      path: '/api/m2m/v1/callbacks/{account}',
      handle: ({ params }) => {
        const listeners = registry.list(accounts.require(params['account']).name);
        if (listeners.length === 0 && settings.emptyCallbackList === 'empty') return ok(undefined);
        return ok(listeners.map(({ account, service, ...rest }) => ({ accountName: account, serviceName: service, ...rest })));
      },
    },
    {
      ...common,
      endpoint: 'callbackRegister',
      method: 'POST',
      path: '/api/m2m/v1/callbacks/{account}',
      handle: ({ params, body }) => {
        const account = accounts.require(params['account']).name;
        const input = parseJsonBody(body, registration);
        const service = serviceName(input.name);
        if (service === undefined) {
          throw new Refusal('INPUT_INVALID.ServiceName.Invalid', `${input.name} is not a callback service.`);
        }
        checkListenerUrl(input.url, settings.allowAnyPort);
        const username = input.username ?? '';
        const password = input.password ?? '';
        checkCredentials(username, password);
        if (username === settings.credentials.username && password === sessions.password) {
          throw new Refusal('INPUT_INVALID.Callback.Credentials', 'The UWS credentials cannot be used for a listener.');
        }
        registry.register({ account, service, url: input.url, username, password });
        return ok({ accountName: account, serviceName: service });
      },
    },
    {
      ...common,
      endpoint: 'callbackDelete',
      method: 'DELETE',
      path: '/api/m2m/v1/callbacks/{account}/name/{service}',
      handle: ({ params }) => {
        const account = accounts.require(params['account']).name;
        const service = params['service'] ?? '';
        if (serviceName(service) === undefined) {
          throw new Refusal('INPUT_INVALID.ServiceName.Invalid', `${service} is not a callback service.`);
        }
        registry.deregister(account, service);
        return ok({ accountName: account, serviceName: service });
      },
    },
  ];
}

function checkCredentials(username: string, password: string): void {
  if (username.length > maxCredentialLength || password.length > maxCredentialLength) {
    throw new Refusal('INPUT_INVALID.Callback.Credentials', 'username and password take up to 40 characters.');
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Refuses what is not an http(s) URL on an allowed port; `anyLoopbackPort` lifts the port rule for loopback hosts. */
function checkListenerUrl(text: string, anyLoopbackPort: boolean): void {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Refusal('INPUT_INVALID.Url.Invalid', 'The callback URL is not a valid http or https URL.');
  }
  if (anyLoopbackPort && isLoopback(url.hostname)) return;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (!portRanges.some(([first, last]) => port >= first && port <= last)) {
    throw new Refusal('INPUT_INVALID.Url.Port', 'The port of the callback URL is not allowed.');
  }
}
