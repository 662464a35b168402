import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { COMPLETE_ENV } from '../support/complete-env.ts';
import { CALLBACK_PREFIX } from '../../src/datasources/thingspace/wire/callback-service.ts';

const COMPLETE: Readonly<Record<string, string>> = {
  ...COMPLETE_ENV,
  M2M_THINGSPACE_ACCOUNTS: '0868924207-00001,0000123456-00001',
  M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:9001/m2m',
};

const OWN = `M2M_CALLBACK_FORWARD: entry 1 is a callback URL of this gateway, so messages would go in a circle.`;
const FORM = 'that is not [account/]Service=URL or [account/]*=URL';

test('entries name an account, a service, both or neither, and keep their URL as it is written', () => {
  const { callbackForward } = readConfig({
    ...COMPLETE,
    M2M_CALLBACK_FORWARD:
      '*=https://a.example.com/x/?key=1=2%2C3, NiddService=http://127.0.0.1:8080/, 0868924207-00001/CarrierService=https://b.example.com,0000123456-00001/*=https://u:p@c.example.com/',
  });
  expect(callbackForward).toEqual([
    { account: null, service: null, url: 'https://a.example.com/x/?key=1=2%2C3' },
    { account: null, service: 'NiddService', url: 'http://127.0.0.1:8080/' },
    { account: '0868924207-00001', service: 'CarrierService', url: 'https://b.example.com' },
    { account: '0000123456-00001', service: null, url: 'https://u:p@c.example.com/' },
  ]);
});

test.each([
  ['https://canary.example.com/?key=canary', `M2M_CALLBACK_FORWARD has an entry (number 1) ${FORM}`],
  ['*=https://canary.example.com/,', `M2M_CALLBACK_FORWARD has an entry (number 2) ${FORM}`],
  ['*=https://canary.example.com/?a=1,canary', `has an entry (number 2) ${FORM} (a comma in a URL is %2C)`],
  ['*=ftp://canary.example.com', FORM],
  ['*=https://canary:port/', FORM],
  ['*=https://canary.example.com/a b', FORM],
  [
    'CarierService=https://canary.example.com',
    'for CarierService, which is not a callback service of the carrier: AlertService, CarrierService',
  ],
  ['*=https://canary.example.com/1,*=https://canary.example.com/2', '(number 2) for an account and service that another entry has already'],
  ['0-1/*=https://canary.example.com', 'entry 1 is for account 0-1, which M2M_THINGSPACE_ACCOUNTS does not name.'],
  [`*=https://m2m.example.com:9001/m2m${CALLBACK_PREFIX}canary`, OWN],
  [`NiddService=http://127.0.0.1:9001${CALLBACK_PREFIX}canary`, OWN],
  [`*=http://LOCALHOST:9001${CALLBACK_PREFIX}canary`, OWN],
  [`*=http://m2m.example.com:9001/x/..${CALLBACK_PREFIX}canary`, OWN],
])('%s is refused, and the URL is not repeated', (setting, fault) => {
  const message = messageOf({ ...COMPLETE, M2M_CALLBACK_FORWARD: setting });
  expect(message).toContain(fault);
  expect(message).not.toContain('canary');
});

test.each([
  ['another path of our host', 'https://m2m.example.com:9001/tool'],
  ['another port of this machine', `http://127.0.0.1:9002${CALLBACK_PREFIX}x`],
  ['the callbacks of another gateway', `https://other.example.com:9001${CALLBACK_PREFIX}x`],
])('%s is taken', (_what, url) => {
  expect(() => readConfig({ ...COMPLETE, M2M_CALLBACK_FORWARD: `*=${url}` })).not.toThrow();
});

test.each([
  [{ M2M_CALLBACK_FORWARD_USERNAME: 'u' }, 'M2M_CALLBACK_FORWARD_USERNAME and M2M_CALLBACK_FORWARD_PASSWORD go together'],
  [{ M2M_CALLBACK_FORWARD_PASSWORD: 'canary' }, 'M2M_CALLBACK_FORWARD_USERNAME and M2M_CALLBACK_FORWARD_PASSWORD go together'],
  [
    { M2M_CALLBACK_FORWARD_USERNAME: 'u', M2M_CALLBACK_FORWARD_PASSWORD: 'canary' },
    'nothing is forwarded unless M2M_CALLBACK_FORWARD is set',
  ],
])('%j alone is a fault', (more, fault) => {
  const message = messageOf({ ...COMPLETE, ...more });
  expect(message).toContain(fault);
  expect(message).not.toContain('canary');
});

function messageOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the configuration was taken');
}
