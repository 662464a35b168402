import { defaultGroupName } from '../accounts/create-account.ts';
import type { Random } from '../random.ts';
import { unkindnesses } from '../unkind/unkindnesses.ts';
import { addEvent, type Device, type DeviceState } from './device.ts';
import type { Inventory } from './inventory.ts';

/** The kinds of generated devices, one after another. The list repeats, so that every account has some of each. */
const kinds: readonly { state: DeviceState; group?: string; esim?: 'ACTIVE' | 'SUSPEND' | 'DEACTIVE'; nbIot?: true }[] = [
  { state: 'pre-active', group: '4G West' },
  { state: 'pre-active', group: '4G East' },
  { state: 'active', group: '4G West' },
  { state: 'suspend', group: '4G East' },
  { state: 'deactive' },
  { state: 'pre-active', group: 'NB-IoT Meters', nbIot: true },
  { state: 'active', group: 'NB-IoT Meters', nbIot: true },
  { state: 'active', group: 'eSIM Fleet', esim: 'ACTIVE' },
  { state: 'suspend', group: 'eSIM Fleet', esim: 'SUSPEND' },
  { state: 'deactive', group: 'eSIM Fleet', esim: 'DEACTIVE' },
  { state: 'pre-active' },
  { state: 'active' },
];

const magicSuffixes = new Set(unkindnesses.map((each) => each.suffix));
const dayMs = 86_400_000;

/** Fills an account with devices. Ordinary identifiers only: none ends in a magic suffix. */
export function generateDevices(inventory: Inventory, account: string, count: number, random: Random, now: number): void {
  const number = (prefix: string, length: number): string => {
    const id = prefix + random.digits(length - prefix.length);
    return magicSuffixes.has(id.slice(-4)) ? number(prefix, length) : id;
  };
  for (let index = 0; index < count; index += 1) {
    const kind = kinds[index % kinds.length] ?? { state: 'pre-active' as const };
    const createdAt = now - random.integer(30, 700) * dayMs;
    const device = inventory.add({
      account,
      identifiers: {
        imei: number('99001', 15),
        iccid: number('891480000', 20),
        ...(kind.esim === undefined ? {} : { eid: number('89049032', 32) }),
      },
      state: kind.state,
      groupName: kind.group ?? defaultGroupName(account),
      createdAt,
      nbIot: kind.nbIot ?? false,
      profile: kind.esim && {
        state: kind.esim,
        status: kind.esim === 'DEACTIVE' ? 'UNKNOWN' : 'ENABLE',
        // Of the active ones, every second is the US profile of a Global device.
        role: kind.esim === 'ACTIVE' && Math.floor(index / kinds.length) % 2 === 0 ? 'LEAD' : 'LOCAL',
      },
    });
    device.customFields.set('CustomField1', random.pick(['red', 'green', 'blue']));
    if (index % 3 === 0) device.customFields.set('CustomField2', 'SuperVend');
    if (kind.state === 'active' || kind.state === 'suspend') switchOn(inventory, device, random, createdAt + dayMs);
  }
}

function switchOn(inventory: Inventory, device: Device, random: Random, at: number): void {
  inventory.assignNumber(device);
  device.servicePlan = device.nbIot ? 'NBIoT50KB' : device.profile ? 'HybridESim' : 'm2m4G2GB';
  device.ipAddress = `10.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`;
  device.connected = device.state === 'active';
  device.lastActivationAt = at;
  addEvent(device, 'Activation Confirmed', at);
}
