import type { Account } from '../accounts/account.ts';
import { defaultGroupName } from '../accounts/create-account.ts';
import { type Device, type DeviceState, identifiersOf } from '../devices/device.ts';
import { type Identifier, primaryIdentifier } from '../devices/identifiers.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { faultOf, type UnkindSwitch } from '../unkind/unkind-switch.ts';
import type { Target } from './action.ts';
import { isEnabled } from './profile-rules.ts';
import type { RequestedDevice } from './requested-devices.ts';

/** Which devices of an account a request means that names none: all, or those with everything that is given. */
export interface Selection {
  readonly groupName?: string | undefined;
  readonly servicePlan?: string | undefined;
  readonly customFields: ReadonlyMap<string, string>;
}

/** How a device starts that is new to the carrier: in a state in which the operation can succeed. */
export interface FreshDevice {
  readonly state: DeviceState;
  readonly profile?: Readonly<NonNullable<Device['profile']>>;
  /** True when the request brings the device in, whatever becomes of unknown devices elsewhere. */
  readonly isBroughtIn?: true;
  /** True when the carrier makes a further profile for a device that is named without an ICCID. */
  readonly isMadeWithoutIccid?: true;
}

/** Finds the devices of requests, and takes unknown ones on as new. */
export class DeviceFinder {
  readonly #settings: Settings;
  readonly #inventory: Inventory;
  readonly #random: Random;
  readonly #unkind: UnkindSwitch;

  constructor(parts: { settings: Settings; inventory: Inventory; random: Random; unkind: UnkindSwitch }) {
    this.#settings = parts.settings;
    this.#inventory = parts.inventory;
    this.#random = parts.random;
    this.#unkind = parts.unkind;
  }

  /** The devices that a request names. What it leaves out of an unknown device is made up. */
  named(account: Account, requested: readonly RequestedDevice[], fresh: FreshDevice): Target[] {
    return requested.map((device) => this.#named(account, device, fresh));
  }

  /** The devices of an account, for a request that names none. */
  selected(account: Account, { groupName, servicePlan, customFields }: Selection): Target[] {
    return this.#inventory
      .find({ account: account.name, groupName, servicePlan })
      .filter((device) => [...customFields].every(([name, value]) => device.customFields.get(name) === value))
      .map((device) => ({
        requested: identifiersOf(device, ['imei', 'iccid']),
        ipAddress: undefined,
        device,
        unkind: this.#unkind.of(undefined),
      }));
  }

  /** A device that a magic identifier fails stays unknown. The ICCID alone names a profile: the others of its device have the rest. */
  #named(account: Account, { identifiers, ipAddress }: RequestedDevice, fresh: FreshDevice): Target {
    const key = primaryIdentifier(identifiers);
    const iccid = identifiers.filter(({ kind }) => kind === 'iccid');
    const isMade = fresh.isMadeWithoutIccid === true && iccid.length === 0;
    const naming = fresh.profile !== undefined && iccid.length > 0 ? iccid : identifiers;
    const known = this.#inventory.byIdentifiers(naming);
    const isTaken = this.#settings.unknownDevices === 'adopt' || fresh.isBroughtIn === true || (isMade && known !== undefined);
    const isFailed = faultOf(this.#unkind.magicOf(key)) !== undefined;
    const device = known !== undefined && !isMade ? known : isTaken && !isFailed ? this.#take(account, identifiers, fresh) : undefined;
    return { requested: identifiers, ipAddress, device, unkind: this.#unkind.of(key) };
  }

  #take(account: Account, ids: readonly Identifier[], fresh: FreshDevice): Device {
    const siblings = this.#inventory.profilesOf(ids.find(({ kind }) => kind === 'eid')?.id);
    const device = this.#inventory.add({
      account: account.name,
      identifiers: {
        imei: siblings[0]?.identifiers.imei ?? `99009${this.#random.digits(10)}`,
        iccid: `891480999${this.#random.digits(11)}`,
        ...(fresh.profile === undefined ? {} : { eid: `89049032${this.#random.digits(24)}` }),
        ...Object.fromEntries(ids.map(({ kind, id }) => [kind, id])),
      },
      state: fresh.state,
      profile: fresh.profile && { ...fresh.profile, ...(hasEnabled(siblings) && isEnabled(fresh.profile) && { status: 'DISABLE' }) },
      groupName: defaultGroupName(account.name),
      createdAt: this.#settings.clock.now(),
      adopted: true,
    });
    if (fresh.state === 'active' || fresh.state === 'suspend') this.#inventory.assignNumber(device);
    return device;
  }
}

/** Only one profile of a device is enabled. */
const hasEnabled = (siblings: readonly Device[]): boolean => siblings.some(({ profile }) => profile !== undefined && isEnabled(profile));
