import { type Account, findGroup } from '../accounts/account.ts';
import type { AccountBook } from '../accounts/account-book.ts';
import { identifiersOf } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';
import { type Answer, type ApiRequest, ok, type Route } from '../http/route.ts';
import type { RequestBook } from '../actions/request-book.ts';
import { Refusal } from '../refusal.ts';

/** Most devices of a group in one answer. */
const maxGroupPage = 2000;

/** The reads of an account: its plans, groups and leads, itself, and the status of a request. */
export function accountRoutes(accounts: AccountBook, inventory: Inventory, requests: RequestBook): Route[] {
  const answering = (endpoint: string, path: string, answer: (account: Account, request: ApiRequest) => Answer): Route => ({
    endpoint,
    method: 'GET',
    path,
    guard: 'session',
    dialect: 'business',
    handle: (request) => answer(accounts.require(request.params['account']), request),
  });
  const get = (endpoint: string, path: string, body: (account: Account, request: ApiRequest) => unknown): Route =>
    answering(endpoint, path, (account, request) => ok(body(account, request)));
  return [
    get('plans', '/api/m2m/v1/plans/{account}', planRecords),
    get('account', '/api/m2m/v1/accounts/{account}', (account) => ({
      accountName: account.name,
      accountNumber: account.name,
      organizationName: 'Simulated Organization',
      isProvisioningAllowed: true,
      carriers: ['Verizon Wireless'],
      features: ['NON-GEOGRAPHIC MDN'],
      iPPools: account.ipPools,
      servicePlans: planRecords(account),
    })),
    get('groups', '/api/m2m/v1/groups/{account}', (account) => account.groups.map((group) => ({ ...group, extendedAttributes: [] }))),
    answering('group', '/api/m2m/v1/groups/{account}/name/{group}', (account, { params, query }) => {
      const group = findGroup(account, params['group']);
      const next = Number(query.get('next') ?? 0);
      const left = inventory.find({ account: account.name, groupName: group.name }).filter((device) => device.number > next);
      const devices = left.slice(0, maxGroupPage);
      const hasMoreData = left.length > maxGroupPage;
      const place = `/api/m2m/v1/groups/${encodeURIComponent(account.name)}/name/${encodeURIComponent(group.name)}`;
      return {
        status: hasMoreData ? 202 : 200,
        ...(hasMoreData && { headers: { location: `${place}?next=${devices.at(-1)?.number}` } }),
        body: {
          name: group.name,
          description: group.description,
          hasMoreData,
          devices: devices.map((device) => ({
            deviceIds: identifiersOf(device, ['imei', 'iccid']).map(({ id, kind }) => ({ id, kind })),
          })),
        },
      };
    }),
    get('leads', '/api/m2m/v1/leads/{account}', (account) => ({ hasMoreData: false, leads: account.leads })),
    get('requestStatus', '/api/m2m/v1/accounts/{account}/requests/{request}/status', (account, { params }) => {
      const request = requests.find(account.name, params['request'] ?? '');
      // Documented for two-way provisioning of a single device only.
      if (!request?.hasStatus || request.devices !== 1) {
        throw new Refusal('INPUT_INVALID.RequestId.Invalid', 'There is no such provisioning request of a single device.');
      }
      const status = request.done === 0 ? 'Pending' : request.failed === 0 ? 'Success' : 'Failure';
      return { requestId: request.id, status };
    }),
  ];
}

function planRecords(account: Account): object[] {
  return account.servicePlans.map(({ name, code, sizeKb }) => ({ name, code, sizeKb, carrierServicePlanCode: code }));
}
