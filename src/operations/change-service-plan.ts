import { confirmedLineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional, servicePlan, text } from './fields.ts';
import { PLAN_CHANGES } from './line-limits.ts';
import { confirmedLines } from './line-target.ts';
import { historyHas } from './proof.ts';

/**
 * Page "Change device service plan". `servicePlan` is the new plan there, so the filter on the present one has another name. The SDK
 * has `takeEffect` too, which no page explains: it is not offered.
 */
export const changeServicePlan = defineOperation({
  name: 'CHANGE_SERVICE_PLAN',
  method: 'PUT',
  path: '/m2m/v1/devices/actions/plan',
  callbackService: 'CarrierService',
  secondService: 'NiddService',
  maxDevices: 10_000,
  hasRateLimit: false,
  lineLimit: PLAN_CHANGES,
  scope: 'write',
  states: { from: ['ACTIVE'], to: null },
  texts: {
    purpose: 'Change the service plan of devices',
    noun: 'The change of plan',
    mutation:
      'Changes the service plan of active devices. From then on the carrier bills the new plan. A suspended device fails; restore it first. Each device reports in a callback; NB-IoT devices report a second time when the new plan adds NIDD (`DeviceOutcome.nidd`). The carrier allows 4 changes a month for each device. Put 3G and 4G devices into separate requests.',
    inputType: "Which devices get which service plan. No field may contain `'`, `<` or `\\`.",
  },
  target: confirmedLines(
    { verb: 'put on the plan', consequence: 'every device of the account will be put on the plan' },
    { groupName: 'groupName', servicePlan: 'currentServicePlan', customFields: 'customFields' },
  ),
  fields: {
    servicePlan: servicePlan.describe(
      'The new service plan: one of the codes the carrier lists for the account (GET /plans). To choose devices by the plan they have now, use `servicePlanFilter` of the group or the whole account.',
    ),
    carrierIpPoolName: optional(text(100)).describe(
      'The private IP pool (Carrier Group Name) that the device addresses come from, at most 100 characters; the default pool when left out.',
    ),
  },
  shown: ['groupName', 'servicePlan', 'currentServicePlan', 'carrierIpPoolName'],
  body: confirmedLineBody,
  // | record of the device list | proof |
  // |---|---|
  // | the plan that was asked for | DONE: there is no date of it |
  // | no plan | LOOK_CLOSER: list that device alone, then ask its history |
  // | any other plan | NOT_YET |
  //
  // History: no page names the type of the event. Each event has the plan after it.
  provenBy: ({ servicePlan: wanted }) => ({
    requestStatus: false,
    record: ({ servicePlan: plan }) => (plan === null ? 'LOOK_CLOSER' : plan === wanted ? 'DONE' : 'NOT_YET'),
    history: historyHas((event) => event.servicePlan === wanted),
  }),
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
});
