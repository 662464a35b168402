import type { AccountBook } from '../accounts/account-book.ts';
import type { RateLimit } from '../auth/rate-limit.ts';
import { wso2Faults } from '../auth/wso2-fault.ts';
import type { Spelling } from '../callbacks/spelling.ts';
import type { Inventory } from '../devices/inventory.ts';
import { parseJsonBody } from '../http/request-body.ts';
import type { Route } from '../http/route.ts';
import { activateBody, profileBody } from '../operations/action-bodies.ts';
import { activation } from '../operations/activate-devices.ts';
import { checkActivate, checkServicePlan } from '../operations/check-activate.ts';
import { checkCustomFields } from '../actions/custom-fields.ts';
import { checkDevices, type RequestedDevice } from '../actions/requested-devices.ts';
import { checkPlaceOfUse } from '../actions/place-of-use.ts';
import { checkProfileDevices } from '../operations/check-profile-devices.ts';
import { activationCodeRenewal, profileResumption } from '../actions/profile-service.ts';
import type { RequestRunner } from '../actions/request-runner.ts';
import { devicesOfAccount } from '../operations/select-devices.ts';
import type { TargetFinder } from '../actions/device-finder.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { Refusal } from '../refusal.ts';

export interface ActionParts {
  readonly accounts: AccountBook;
  readonly inventory: Inventory;
  readonly rateLimit: RateLimit;
  readonly finder: TargetFinder;
  readonly runner: RequestRunner;
  readonly settings: Settings;
  readonly spelling: Spelling;
  readonly random: Random;
}

/** The three operations on devices: activate, renew activation code, resume profile. */
export function actionRoutes(parts: ActionParts): Route[] {
  const profile = { method: 'POST', guard: 'session', dialect: 'status-code', isOperation: true } as const;
  return [
    activateRoute(parts),
    {
      ...profile,
      endpoint: 'renewActivationCode',
      path: '/api/m2m/v1/devices/profile/actions/renew_activation_code',
      handle: ({ body }) => {
        const order = readProfileOrder(parts, body, 'renewActivationCode');
        return parts.runner.accept(activationCodeRenewal(order, parts.random));
      },
    },
    {
      ...profile,
      endpoint: 'profileResume',
      path: '/api/m2m/v1/devices/profile/actions/profile_resume',
      handle: ({ body }) => {
        const order = readProfileOrder(parts, body, 'profileResume');
        return parts.runner.accept(profileResumption(order, () => parts.settings.clock.now()));
      },
    },
  ];
}

function activateRoute(parts: ActionParts): Route {
  const { accounts, inventory, rateLimit, finder, runner, settings, spelling, random } = parts;
  return {
    endpoint: 'activate',
    method: 'POST',
    path: '/api/m2m/v1/devices/actions/activate',
    guard: 'session',
    dialect: 'business',
    isOperation: true,
    handle: ({ body: text }) => {
      const body = parseJsonBody(text, activateBody);
      const account = accounts.resolve(body.accountName ?? undefined);
      if (!rateLimit.take(account.name)) return wso2Faults.throttled;
      const requested = body.devices ? checkDevices(body.devices, settings.maxDevicesPerRequest) : undefined;
      const { servicePlan } = checkActivate(body, account);
      const customFields = checkCustomFields(body.customFields);
      const filter = checkCustomFields(body.filter?.customFields ?? body.customFields);
      const placeOfUse = body.primaryPlaceOfUse ? checkPlaceOfUse(body.primaryPlaceOfUse) : undefined;
      const groupName = body.groupName || undefined;
      const targets = requested
        ? requested.map((device) => finder.named(account, device, { state: 'pre-active' }))
        : devicesOfAccount(inventory, account.name, groupName, filter).map((device) => finder.listed(device));
      const order = {
        account: account.name,
        targets,
        servicePlan,
        groupName,
        customFields: requested ? customFields : new Map<string, string>(),
        placeOfUse,
        skuNumber: body.skuNumber || undefined,
        costCenterCode: body.costCenterCode || undefined,
      };
      const now = () => settings.clock.now();
      return runner.accept(activation(order, { inventory, random, now, spelling, format: settings.carrierServiceFormat }));
    },
  };
}

/** What a profile operation finds when its device is new to the carrier: a state in which it can succeed. */
const freshDevice = {
  renewActivationCode: { state: 'deactive', profile: { state: 'DEACTIVE', status: 'UNKNOWN', role: 'LOCAL' } },
  profileResume: { state: 'suspend', profile: { state: 'SUSPEND', status: 'ENABLE', role: 'LOCAL' } },
} as const;

function readProfileOrder(parts: ActionParts, text: string, name: keyof typeof freshDevice) {
  const body = parseJsonBody(text, profileBody);
  const account = parts.accounts.require(body.accountName ?? undefined);
  const requested: RequestedDevice[] = checkDevices(body.devices, parts.settings.maxDevicesPerRequest);
  checkProfileDevices(requested, name);
  if (body.servicePlan) checkServicePlan(body.servicePlan, account);
  if (body.mdnZipCode && !/^\d{5}$/.test(body.mdnZipCode)) {
    throw new Refusal('INPUT_INVALID.MdnZipCode.Invalid', 'mdnZipCode must have 5 digits.');
  }
  return {
    account: account.name,
    targets: requested.map((device) => parts.finder.named(account, device, freshDevice[name])),
    spelling: parts.spelling,
    withCredentials: parts.settings.profileCallbackCredentials,
  };
}
