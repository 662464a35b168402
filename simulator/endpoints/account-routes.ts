import type { Account } from '../accounts/account.ts';
import type { AccountBook } from '../accounts/account-book.ts';
import { type Answer, type ApiRequest, ok, type Route } from '../http/route.ts';
import type { RequestBook } from '../actions/request-book.ts';
import { Refusal } from '../refusal.ts';

/** Leads in one answer. The page says no number; a small one shows a client that there are pages. */
const maxLeadPage = 2;

/** The reads of an account: its plans and leads, itself, and the status of a request. */
export function accountRoutes(accounts: AccountBook, requests: RequestBook): Route[] {
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
    answering('leads', '/api/m2m/v1/leads/{account}', (account, { query }) => {
      const shown = Number(/^lead-(\d+)$/.exec(query.get('next') ?? '')?.[1] ?? 0);
      const leads = account.leads.slice(shown, shown + maxLeadPage);
      const hasMoreData = shown + maxLeadPage < account.leads.length;
      return {
        status: hasMoreData ? 202 : 200,
        ...(hasMoreData && { headers: { location: `/leads/${encodeURIComponent(account.name)}?next=lead-${shown + maxLeadPage}` } }),
        body: { hasMoreData, leads },
      };
    }),
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
