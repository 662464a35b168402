import type { Random } from '../random.ts';
import type { Device, DeviceState } from './device.ts';
import type { Identifier, IdentifierKind } from './identifiers.ts';

/** How a new device starts. Everything else has a plain default. */
export interface NewDevice {
  readonly account: string;
  readonly identifiers: Partial<Record<IdentifierKind, string>>;
  readonly state: DeviceState;
  readonly groupName: string;
  readonly createdAt: number;
  readonly profile?: Device['profile'];
  readonly nbIot?: boolean;
  readonly adopted?: boolean;
}

/** Which devices to find; every given part must match. */
export interface DeviceQuery {
  readonly account?: string;
  readonly state?: DeviceState;
  readonly profileState?: 'ACTIVE' | 'SUSPEND' | 'DEACTIVE';
  readonly groupName?: string | undefined;
  readonly servicePlan?: string | undefined;
  readonly nbIot?: boolean;
}

/** All devices of all accounts, findable by any identifier. */
export class Inventory {
  readonly #devices: Device[] = [];
  readonly #byIdentifier = new Map<string, Device>();
  /** The profiles of each eSIM device, by its EID. */
  readonly #byEid = new Map<string, Device[]>();
  readonly #random: Random;
  #nextNumber = 398_362_701;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Every device, by rising DeviceId (which is also the order of creation). */
  get devices(): readonly Device[] {
    return this.#devices;
  }

  add(input: NewDevice): Device {
    const device: Device = {
      number: this.#nextNumber,
      account: input.account,
      identifiers: { ...input.identifiers },
      state: input.state,
      pendingStates: [],
      profile: input.profile,
      nbIot: input.nbIot ?? false,
      adopted: input.adopted ?? false,
      groupName: input.groupName,
      customFields: new Map(),
      servicePlan: undefined,
      ipAddress: undefined,
      connected: false,
      skuNumber: undefined,
      costCenterCode: undefined,
      placeOfUse: new Map(),
      createdAt: input.createdAt,
      lastActivationAt: undefined,
      history: [],
    };
    this.#nextNumber += 1;
    this.#devices.push(device);
    const { eid } = device.identifiers;
    if (eid !== undefined) this.#byEid.set(eid, [...this.profilesOf(eid), device]);
    this.#index(device);
    return device;
  }

  /** Forgets a device. */
  remove(device: Device): void {
    this.#devices.splice(this.#devices.indexOf(device), 1);
    for (const [key, found] of this.#byIdentifier) if (found === device) this.#byIdentifier.delete(key);
    const { eid } = device.identifiers;
    if (eid === undefined) return;
    const others = this.profilesOf(eid).filter((each) => each !== device);
    this.#byEid.set(eid, others);
    for (const other of others) this.#index(other);
  }

  /** The device that carries any of the identifiers. */
  byIdentifiers(ids: readonly Identifier[]): Device | undefined {
    for (const { kind, id } of ids) {
      const device = this.#byIdentifier.get(`${kind}:${id}`);
      if (device !== undefined) return device;
    }
    return undefined;
  }

  /** All profiles of the eSIM device with this EID. */
  profilesOf(eid: string | undefined): readonly Device[] {
    return (eid !== undefined && this.#byEid.get(eid)) || [];
  }

  /** Every device that has this identifier. Several profiles share the EID and the IMEI of the device that holds them. */
  allWith({ kind, id }: Identifier): readonly Device[] {
    const first = this.byIdentifiers([{ kind, id }]);
    const siblings = this.profilesOf(first?.identifiers.eid).filter(({ identifiers }) => identifiers[kind] === id);
    return siblings.length > 0 || first === undefined ? siblings : [first];
  }

  find(query: DeviceQuery = {}): Device[] {
    return this.#devices.filter(
      (device) =>
        (query.account === undefined || device.account === query.account) &&
        (query.state === undefined || device.state === query.state) &&
        (query.profileState === undefined || device.profile?.state === query.profileState) &&
        (query.groupName === undefined || device.groupName === query.groupName) &&
        (query.servicePlan === undefined || device.servicePlan === query.servicePlan) &&
        (query.nbIot === undefined || device.nbIot === query.nbIot),
    );
  }

  /** Gives a line its number: a fresh MDN with MSISDN, MIN and IMSI. A deactivated line never gets its old one back. */
  assignNumber(device: Device): void {
    const mdn = `50${this.#random.integer(10_000_000, 99_999_999)}`;
    Object.assign(device.identifiers, {
      mdn,
      msisdn: `1${mdn}`,
      min: `23${this.#random.digits(8)}`,
      imsi: device.identifiers.imsi ?? `311480${this.#random.digits(9)}`,
    });
    this.#index(device);
  }

  /** As {@link assignNumber}, unless the line has a number. */
  keepNumber(device: Device): void {
    if (device.identifiers.mdn === undefined) this.assignNumber(device);
  }

  /** From now on no number finds the line. The device keeps it for messages that still name the line by it. */
  giveUpNumber({ identifiers: { mdn, msisdn, min } }: Device): void {
    for (const key of [`mdn:${mdn}`, `msisdn:${msisdn}`, `min:${min}`]) this.#byIdentifier.delete(key);
  }

  /** An EID or IMEI that several profiles share stands for the oldest of them. */
  #index(device: Device): void {
    const [first = device] = this.profilesOf(device.identifiers.eid);
    for (const [kind, id] of Object.entries(device.identifiers)) {
      const isShared = (kind === 'eid' || kind === 'imei') && first.identifiers[kind] === id;
      this.#byIdentifier.set(`${kind}:${id}`, isShared ? first : device);
    }
  }
}
