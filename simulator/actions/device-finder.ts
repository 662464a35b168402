import type { Account } from '../accounts/account.ts';
import { defaultGroupName } from '../accounts/create-account.ts';
import { type Device, type DeviceState, identifiersOf } from '../devices/device.ts';
import { type Identifier, primaryIdentifier } from '../devices/identifiers.ts';
import type { Inventory } from '../devices/inventory.ts';
import { type MagicScript, magicIdentifiers } from '../magic-identifiers.ts';
import type { Random } from '../random.ts';
import type { RequestedDevice } from './requested-devices.ts';

/** A device of a request, found or not. */
export interface Target {
  /** The identifiers in the request; for a device taken from a group, its IMEI and ICCID. */
  readonly requested: readonly Identifier[];
  readonly ipAddress: string | undefined;
  readonly device: Device | undefined;
  readonly script: MagicScript | undefined;
}

const scripts = new Map(magicIdentifiers.map((each) => [each.suffix, each.script]));

/** Finds the targets of requests, and takes unknown devices on as new ones. */
export class TargetFinder {
  readonly #inventory: Inventory;
  readonly #random: Random;
  readonly #adopt: boolean;
  readonly #magic: boolean;
  readonly #now: () => number;

  constructor(options: { inventory: Inventory; random: Random; adopt: boolean; magic: boolean; now: () => number }) {
    this.#inventory = options.inventory;
    this.#random = options.random;
    this.#adopt = options.adopt;
    this.#magic = options.magic;
    this.#now = options.now;
  }

  /**
   * The target a request names. An unknown device is taken on in `newState`, so that the operation can succeed, with the
   * identifiers the request left out made up; one that a magic identifier fails stays unknown.
   */
  named(account: Account, requested: RequestedDevice, fresh: { state: DeviceState; profile?: Device['profile'] }): Target {
    const { identifiers, ipAddress } = requested;
    const script = this.#magic ? scripts.get(primaryIdentifier(identifiers).slice(-4)) : undefined;
    const known = this.#inventory.byIdentifiers(identifiers);
    const device = known ?? (this.#adopt && script?.kind !== 'fault' ? this.#take(account, identifiers, fresh) : undefined);
    return { requested: identifiers, ipAddress, device, script };
  }

  /** A device of the inventory as the target of a request that names none. */
  listed(device: Device): Target {
    return { requested: identifiersOf(device, ['imei', 'iccid']), ipAddress: undefined, device, script: undefined };
  }

  #take(account: Account, ids: readonly Identifier[], fresh: { state: DeviceState; profile?: Device['profile'] }): Device {
    const device = this.#inventory.add({
      account: account.name,
      identifiers: {
        imei: `99009${this.#random.digits(10)}`,
        iccid: `891480999${this.#random.digits(11)}`,
        ...(fresh.profile === undefined ? {} : { eid: `89049032${this.#random.digits(24)}` }),
        ...Object.fromEntries(ids.map(({ kind, id }) => [kind, id])),
      },
      state: fresh.state,
      profile: fresh.profile && { ...fresh.profile },
      groupName: defaultGroupName(account.name),
      createdAt: this.#now(),
      adopted: true,
    });
    if (fresh.state === 'suspend') this.#inventory.assignNumber(device);
    return device;
  }
}
