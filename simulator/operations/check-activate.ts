import type { Account } from '../accounts/account.ts';
import { Refusal } from '../refusal.ts';
import type { ActivateBody } from './action-bodies.ts';

const zipCode = /^\d{5}(-\d{4})?$/;
const costCenter = /^[A-Za-z0-9 \-!#]{1,36}$/;

/**
 * The rules of an activation that concern no single device (page "Activate Service for Devices").
 *
 * The page names the rules but not their codes: `INPUT_INVALID.MdnZipCode.Invalid`, `.SkuNumber.TooLong`,
 * `.CostCenterCode.Invalid`, `.PublicIpRestriction.Invalid`, `.CarrierIpPoolName.NotDefined`, `.LeadId.NotAllowed` and
 * `REQUEST_FAILED.LeadNotFound` are inferred. A missing required element is `DeserializationFailed`.
 */
export function checkActivate(body: ActivateBody, account: Account): { servicePlan: string } {
  const servicePlan = requireText(body.servicePlan, 'servicePlan');
  const mdnZipCode = requireText(body.mdnZipCode, 'mdnZipCode');
  checkServicePlan(servicePlan, account);
  const rules: readonly [broken: boolean, code: string, message: string][] = [
    [!zipCode.test(mdnZipCode), 'INPUT_INVALID.MdnZipCode.Invalid', 'mdnZipCode is not a ZIP code.'],
    [(body.skuNumber ?? '').length > 20, 'INPUT_INVALID.SkuNumber.TooLong', 'skuNumber has more than 20 characters.'],
    [
      !!body.costCenterCode && !costCenter.test(body.costCenterCode),
      'INPUT_INVALID.CostCenterCode.Invalid',
      'costCenterCode takes up to 36 letters, digits, spaces, dashes, exclamation points and pound signs.',
    ],
    [
      !!body.publicIpRestriction && !/^(un)?restricted$/i.test(body.publicIpRestriction),
      'INPUT_INVALID.PublicIpRestriction.Invalid',
      'publicIpRestriction must be restricted or unrestricted.',
    ],
    [
      !body.carrierIpPoolName && (body.devices ?? []).some((device) => !!device.ipAddress),
      'INPUT_INVALID.CarrierIpPoolName.NotDefined',
      'carrierIpPoolName is required with ipAddress.',
    ],
    [!!body.leadId && !!body.primaryPlaceOfUse, 'INPUT_INVALID.LeadId.NotAllowed', 'primaryPlaceOfUse cannot be used with leadId.'],
    [!!body.leadId && !account.leads.some((lead) => lead.leadId === body.leadId), 'REQUEST_FAILED.LeadNotFound', 'The lead was not found.'],
    [
      !!body.groupName && !account.groups.some((group) => group.name === body.groupName),
      'REQUEST_FAILED.DeviceGroupNotFound',
      'The device group was not found.',
    ],
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken !== undefined) throw new Refusal(broken[1], broken[2]);
  return { servicePlan };
}

/** Refuses a plan that is not a `code` of GET /plans. The page writes the code with a placeholder for the word in the middle. */
export function checkServicePlan(code: string, account: Account): void {
  if (!account.servicePlans.some((plan) => plan.code === code)) {
    throw new Refusal('REQUEST_FAILED.ServicePlan.NotFound', `The service plan ${code} was not found.`);
  }
}

function requireText(value: string | null | undefined, name: string): string {
  if (!value) throw new Refusal('DeserializationFailed', `Bad or missing element ${name}.`);
  return value;
}
