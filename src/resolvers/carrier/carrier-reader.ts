import type { AccountReads } from '../../datasources/thingspace/account-reads.ts';
import type { ActivityPage, ActivityReads } from '../../datasources/thingspace/activity-reads.ts';
import type { CarrierReads, DeviceQuery, HistoryQuery } from '../../datasources/thingspace/carrier-reads.ts';
import type { Page } from '../../datasources/request-log/stored-request.ts';
import type { AccountRecord } from '../../datasources/thingspace/wire/account.ts';
import type { DeviceGroupRecord } from '../../datasources/thingspace/wire/device-groups.ts';
import type { ConnectionEvent } from '../../datasources/thingspace/wire/connection-history.ts';
import type { HistoryEvent } from '../../datasources/thingspace/wire/device-history.ts';
import type { DeviceRecord } from '../../datasources/thingspace/wire/device-list.ts';
import type { ServicePlan } from '../../datasources/thingspace/wire/service-plans.ts';
import type { UsageDay } from '../../datasources/thingspace/wire/usage-history.ts';
import { GatewayError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { CallbackRegistrations, RegisteredListener } from '../callbacks/callback-registrations.ts';
import { isAbout } from '../requests/identify-devices.ts';
import { requireAccount } from './carrier-account.ts';
import { forCallers } from './carrier-failure.ts';
import { activityQuery, firstOf, type AskedRange } from './device-activity.ts';
import { readDeviceName, type NamedDevice } from './device-filter.ts';
import { readLeads, type PlacedLead } from './list-leads.ts';
import type { CarrierQuestion, ReadBudget } from './read-budget.ts';

interface CarrierReaderOptions {
  readonly budget: ReadBudget;
  readonly accountReads: AccountReads;
  readonly activityReads: ActivityReads;
  readonly reads: Pick<CarrierReads, 'listDevices'>;
  readonly registrations: Pick<CallbackRegistrations, 'registered'>;
  /** The billing accounts that this gateway serves. */
  readonly accounts: ReadonlySet<string>;
  readonly now: () => number;
}

/** A device of an account that the caller may read. */
export interface CarrierDevice extends Omit<DeviceRecord, 'accountName' | 'cursor'> {
  readonly accountName: string;
  /** Its place in the carrier's list. */
  readonly cursor: string;
}

export interface CarrierGroup extends DeviceGroupRecord {
  readonly accountName: string;
}

/** How long answers are given again. The list of devices is asked for anew each time. */
const KEPT_MS = { settings: 60_000, lists: 10_000, device: 2_000, nothing: 0 } as const;

/**
 * What callers ask the carrier. Each question needs the right to read the account, and goes through the budget.
 *
 * Each method throws a GatewayError: NOT_FOUND without the right to the account; RATE_LIMITED; CARRIER_UNAVAILABLE, CARRIER_REFUSED.
 */
export class CarrierReader {
  readonly #options: CarrierReaderOptions;

  constructor(options: CarrierReaderOptions) {
    this.#options = options;
  }

  servicePlans(caller: Caller, account: string): Promise<readonly ServicePlan[]> {
    const ask = () => this.#options.accountReads.servicePlans(account);
    return this.#ask(caller, account, { about: ['servicePlans'], keptMs: KEPT_MS.settings, sizeOf: ({ length }) => length, ask });
  }

  account(caller: Caller, account: string): Promise<AccountRecord> {
    const ask = () => this.#options.accountReads.account(account);
    return this.#ask(caller, account, { about: ['account'], keptMs: KEPT_MS.settings, sizeOf: ({ ipPools }) => ipPools.length, ask });
  }

  async groups(caller: Caller, account: string): Promise<readonly CarrierGroup[]> {
    const ask = () => this.#options.accountReads.groups(account);
    const groups = await this.#ask(caller, account, { about: ['groups'], keptMs: KEPT_MS.lists, sizeOf: ({ length }) => length, ask });
    return groups.map((group) => ({ ...group, accountName: account }));
  }

  async group(caller: Caller, account: string, name: string): Promise<CarrierGroup | null> {
    return (await this.groups(caller, account)).find((group) => group.name === name) ?? null;
  }

  registrations(caller: Caller, account: string): Promise<readonly RegisteredListener[]> {
    const ask = () => this.#options.registrations.registered(account);
    return this.#ask(caller, account, { about: ['registrations'], keptMs: KEPT_MS.lists, sizeOf: ({ length }) => length, ask });
  }

  /** @param after the position of the last lead that was shown. */
  leads(caller: Caller, account: string, after: string | null, limit: number): Promise<Page<PlacedLead>> {
    const read = (next: string | null) =>
      this.#ask(caller, account, {
        about: ['leads', next],
        keptMs: KEPT_MS.lists,
        sizeOf: ({ leads }) => leads.length,
        ask: () => this.#options.accountReads.leads(account, next),
      });
    return readLeads(read, after, limit);
  }

  /** @param after the carrier's number of the last device that was shown. */
  async devices(
    caller: Caller,
    account: string,
    query: Omit<DeviceQuery, 'accountName' | 'deviceId' | 'after' | 'pageSize'>,
    after: string | null,
    pageSize: number,
  ): Promise<Page<CarrierDevice>> {
    const asked: DeviceQuery = { ...query, accountName: account, after, pageSize };
    const ask = () => this.#options.reads.listDevices(asked);
    const { devices, next } = await this.#ask(caller, account, { about: ['devices', asked], keptMs: KEPT_MS.nothing, ask });
    // A list that is not of this account is believed in nothing.
    if (devices.some(({ accountName }) => accountName !== null && accountName !== account)) throw FOREIGN_DEVICE;
    let last = after ?? '0';
    const rows = devices.map((record) => ({ ...record, accountName: account, cursor: (last = record.cursor ?? last) }));
    return { rows, hasMore: next !== null };
  }

  /** Null when the account has no such device. The carrier may answer with a device of another account, which is never shown. */
  async device(caller: Caller, account: string, named: NamedDevice): Promise<CarrierDevice | null> {
    requireAccount(this.#options.accounts, caller, account);
    const deviceId = readDeviceName(named);
    const ask = () => this.#options.reads.listDevices({ accountName: account, deviceId });
    const { devices } = await this.#ask(caller, account, { about: ['device', deviceId], keptMs: KEPT_MS.device, ask });
    const own = devices.filter((record) => record.accountName === account && isAbout(record, deviceId));
    if (own.length > 1)
      throw new GatewayError(
        'BAD_USER_INPUT',
        `${own.length} lines of the account have this ${deviceId.kind}, for example the profiles of one eSIM. Name one of them by its ICCID.`,
      );
    return own[0] ? { ...own[0], accountName: account, cursor: own[0].cursor ?? '0' } : null;
  }

  /** What happened with a device in a range of time, the oldest first: at most `first` entries. */
  provisioning(caller: Caller, device: CarrierDevice, range: AskedRange, first: number): Promise<ActivityPage<HistoryEvent>> {
    return this.#activity(caller, device, range, first, 'provisioning', (query) => this.#options.activityReads.provisioning(query));
  }

  connections(caller: Caller, device: CarrierDevice, range: AskedRange, first: number): Promise<ActivityPage<ConnectionEvent>> {
    return this.#activity(caller, device, range, first, 'connections', (query) => this.#options.activityReads.connections(query));
  }

  usage(caller: Caller, device: CarrierDevice, range: AskedRange, first: number): Promise<ActivityPage<UsageDay>> {
    return this.#activity(caller, device, range, first, 'usage', (query) => this.#options.activityReads.usage(query));
  }

  async #activity<Entry>(
    caller: Caller,
    device: CarrierDevice,
    range: AskedRange,
    first: number,
    kind: string,
    read: (query: HistoryQuery) => Promise<ActivityPage<Entry>>,
  ): Promise<ActivityPage<Entry>> {
    const query = activityQuery(device, range, this.#options.now());
    if (query === null) return { events: [], hasMore: false };
    const ask = () => read(query);
    const question = { about: [kind, query], keptMs: KEPT_MS.device, sizeOf: ({ events }: ActivityPage<Entry>) => events.length, ask };
    return firstOf(await this.#ask(caller, device.accountName, question), first);
  }

  async #ask<Answer>(caller: Caller, account: string, question: Omit<CarrierQuestion<Answer>, 'caller' | 'account'>): Promise<Answer> {
    requireAccount(this.#options.accounts, caller, account);
    return forCallers(this.#options.budget.ask({ ...question, caller: caller.id, account }));
  }
}

const FOREIGN_DEVICE = new GatewayError(
  'CARRIER_UNAVAILABLE',
  'ThingSpace answered with a device of another account. Nothing of its answer is shown. Ask again later.',
);
