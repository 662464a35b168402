import { z } from 'zod';
import { type Account, findGroup, findServicePlan } from '../accounts/account.ts';
import { reportByCarrierService } from '../actions/carrier-service.ts';
import { checkCustomFields, customFieldList } from '../actions/custom-fields.ts';
import { type Carrier, defineOperation } from '../actions/define-operation.ts';
import { checkPlaceOfUse, placeOfUseInput } from '../actions/place-of-use.ts';
import { checkDevices, deviceList, type RequestedDevice } from '../actions/requested-devices.ts';
import { wso2Faults } from '../auth/wso2-fault.ts';
import { faultResponse } from '../callbacks/fault-response.ts';
import { spell, spellings } from '../callbacks/spelling.ts';
import { addEvent, type Device, identifiersOf, startService } from '../devices/device.ts';
import { optionalText as text } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

const activateBody = z.looseObject({
  devices: deviceList.nullish(),
  accountName: text,
  servicePlan: text,
  mdnZipCode: text,
  groupName: text,
  skuNumber: text,
  carrierName: text,
  carrierIpPoolName: text,
  customFields: customFieldList.nullish(),
  filter: z.looseObject({ customFields: customFieldList.nullish() }).nullish(),
  leadId: text,
  costCenterCode: text,
  publicIpRestriction: text,
  primaryPlaceOfUse: placeOfUseInput.nullish(),
});

type ActivateBody = z.infer<typeof activateBody>;

/** What an activation gives to each of its devices. */
interface Order {
  readonly servicePlan: string;
  readonly groupName: string | undefined;
  readonly customFields: ReadonlyMap<string, string>;
  readonly placeOfUse: ReadonlyMap<string, string> | undefined;
  readonly skuNumber: string | undefined;
  readonly costCenterCode: string | undefined;
}

const alreadyActive = faultResponse('REQUEST_FAILED.DeviceAlreadyActive', 'Device is already active');
const suspended = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is suspended; restore it instead');

/** Page "Activate Service for Devices": PRE-ACTIVE and DEACTIVE become ACTIVE. A suspended line is restored, not activated. */
export const activateDevices = defineOperation({
  endpoint: 'activate',
  method: 'POST',
  path: '/api/m2m/v1/devices/actions/activate',
  dialect: 'business',
  body: activateBody,
  receive: (body, carrier) => {
    const { accounts, devices, rateLimit, settings } = carrier;
    const account = accounts.resolve(body.accountName);
    if (!rateLimit.take(`activate ${account.name}`, settings.activateRequestsPerMinute)) return wso2Faults.throttled;
    const requested = body.devices ? checkDevices(body.devices, settings.maxDevicesPerRequest) : undefined;
    const servicePlan = checkRules(body, account);
    if (!settings.lenient) checkNaming(requested ?? [], !!body.skuNumber);
    const customFields = checkCustomFields(body.customFields);
    const filter = checkCustomFields(body.filter?.customFields ?? body.customFields);
    const placeOfUse = body.primaryPlaceOfUse ? checkPlaceOfUse(body.primaryPlaceOfUse) : undefined;
    const groupName = body.groupName || undefined;
    const order: Order = {
      servicePlan,
      groupName,
      // Without `devices` they choose the devices: then they are no values to set.
      customFields: requested ? customFields : new Map(),
      placeOfUse,
      skuNumber: body.skuNumber || undefined,
      costCenterCode: body.costCenterCode || undefined,
    };
    return {
      account: account.name,
      targets: requested
        ? devices.named(account, requested, { state: 'pre-active' })
        : devices.selected(account, { groupName, customFields: filter }),
      hasRequestStatus: true,
      pendingState: 'pending activation',
      refuse: ({ state }) => (state === 'active' ? alreadyActive : state === 'suspend' ? suspended : undefined),
      apply: (device, target) => activate(device, target.ipAddress, order, carrier),
      // A failed activation may leave a device it brought in on the list as deactivated.
      onFault: (device) => {
        if (device.adopted && device.state === 'pre-active') device.state = 'deactive';
      },
      reports: reportByCarrierService(carrier, {
        account: account.name,
        legacyPath: ['ChangeDeviceState', 'Activate'],
        hasNidd: true,
        result: (device) => ({ activateResponse: activateResponse(device, servicePlan, settings.spelling) }),
      }),
    };
  },
  example: {
    about: [
      'Activates three devices. Nothing is billed: the',
      'carrier is simulated. The first succeeds within',
      'seconds, the second fails, the third reports only',
      'after a minute. Copy the id of the request from the',
      'result into the next tab, and watch it happen.',
      '',
      'Run it again: the first device fails, because it is',
      'active already. Another device:',
      '  IMEI  990015675584667',
      '  ICCID 89148000085771580907',
      '',
      'An unknown ICCID counts as a new device, and its',
      'last four digits choose what happens:',
      '  0001 late, 0002 never, 0003 Pending first,',
      '  0005 and 0007 with a NIDD callback,',
      '  4000 4030 4040 4090 4220 5000 fail,',
      '  any other succeeds.',
    ],
    input: {
      servicePlan: 'm2m4G2GB',
      mdnZipCode: '98801',
      target: {
        devices: [
          ['990016953001930', '89148000094224205304'],
          ['990010000040400', '89148000000000004040'],
          ['990010000000010', '89148000000000000001'],
        ].map(([imei, iccid]) => ({
          deviceIds: [
            { kind: 'IMEI', value: imei },
            { kind: 'ICCID', value: iccid },
          ],
        })),
      },
    },
  },
});

/**
 * The page is about 4G devices: they are named by IMEI and ICCID, or by ICCID with skuNumber ("in lieu of an IMEI"). Its list of kinds
 * is lost. So a device that is named by anything else too (EID, MDN, MEID, ESN …) may be of another sort and is taken. The code is
 * inferred.
 */
function checkNaming(devices: readonly RequestedDevice[], hasSku: boolean): void {
  for (const { identifiers } of devices) {
    const kinds = new Set(identifiers.map(({ kind }) => kind));
    const alone = kinds.size === 1 ? identifiers[0]?.kind : undefined;
    if (alone === 'imei' || (alone === 'iccid' && !hasSku)) {
      throw new Refusal('INPUT_INVALID.Device.Identifier.Invalid', 'A 4G device needs its IMEI and ICCID, or its ICCID and skuNumber.');
    }
  }
}

const zipCode = /^\d{5}(-\d{4})?$/;
const costCenter = /^[A-Za-z0-9 \-!#]{1,36}$/;

/**
 * The rules that concern no single device. Returns the service plan.
 *
 * The page names the rules but not their codes: `INPUT_INVALID.MdnZipCode.Invalid`, `.SkuNumber.TooLong`,
 * `.CostCenterCode.Invalid`, `.PublicIpRestriction.Invalid`, `.CarrierIpPoolName.NotDefined`, `.LeadId.NotAllowed` and
 * `REQUEST_FAILED.LeadNotFound` are inferred. A missing required element is `DeserializationFailed`.
 */
function checkRules(body: ActivateBody, account: Account): string {
  const servicePlan = requireText(body.servicePlan, 'servicePlan');
  const mdnZipCode = requireText(body.mdnZipCode, 'mdnZipCode');
  findServicePlan(account, servicePlan);
  const rules: readonly [isBroken: boolean, code: string, message: string][] = [
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
  ];
  const broken = rules.find(([isBroken]) => isBroken);
  if (broken !== undefined) throw new Refusal(broken[1], broken[2]);
  if (body.groupName) findGroup(account, body.groupName);
  return servicePlan;
}

function requireText(value: string | null | undefined, name: string): string {
  if (!value) throw new Refusal('DeserializationFailed', `Bad or missing element ${name}.`);
  return value;
}

function activate(device: Device, ipAddress: string | undefined, order: Order, { inventory, random, settings }: Carrier): void {
  const now = settings.clock.now();
  inventory.assignNumber(device);
  startService(device);
  device.servicePlan = order.servicePlan;
  device.ipAddress = ipAddress ?? `10.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`;
  device.lastActivationAt = now;
  device.groupName = order.groupName ?? device.groupName;
  device.skuNumber = order.skuNumber ?? device.skuNumber;
  device.costCenterCode = order.costCenterCode ?? device.costCenterCode;
  for (const [name, value] of order.customFields) device.customFields.set(name, value);
  for (const [name, value] of order.placeOfUse ?? []) device.placeOfUse.set(name, value);
  addEvent(device, 'Activation Confirmed', now);
}

/** The fields and identifiers in the order of the sample: the number, the SIM, and what belongs to it. */
function activateResponse(device: Device, servicePlan: string, spelling: 'documented' | 'field') {
  const spellKind = { documented: spellings.lowerWithIccId, field: spellings.lower }[spelling];
  const { mdn = '' } = device.identifiers;
  return {
    deviceIds: spell(identifiersOf(device, ['mdn', 'imsi', 'iccid', 'msisdn', 'min']), spellKind),
    ipAddress: device.ipAddress ?? '',
    state: { documented: 'Active', field: 'active' }[spelling],
    servicePlan,
    featureCodes: [],
    deviceCredential: { username: `${mdn}@vzw3g.com`, password: mdn },
  };
}
