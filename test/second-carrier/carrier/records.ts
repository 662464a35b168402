import { isJson, textOf, type Json } from './json.ts';
import { has, type Line } from './line.ts';
import { PageFault } from './page-rules.ts';

/** What the carrier's records say of a line. */
export interface Standing {
  readonly account: string;
  readonly state: 'active' | 'deactive' | 'suspend' | 'pre-active' | 'pending activation' | 'pending deactivation';
  readonly groupName?: string;
  readonly servicePlan?: string;
  readonly profileStatus?: string;
  readonly lastActivationDate?: string;
  readonly history?: readonly { readonly eventType: string; readonly occurredAt: string; readonly status?: string }[];
}

interface Known extends Standing {
  readonly line: Line;
  readonly number: number;
}

const LIST_FIELDS = [
  'deviceId',
  'accountName',
  'groupName',
  'currentState',
  'customFields',
  'servicePlan',
  'earliest',
  'latest',
  'filter',
  'maxNumberOfDevices',
  'largestDeviceIdSeen',
];
const STATES = ['active', 'deactive', 'suspend', 'pre-active', 'pending activation', 'pending deactivation'];

/** The two synchronous reads: "Retrieve Device Information" and "Retrieve Device Provisioning History". */
export class Records {
  /** The page has up to 2,000 devices an answer. */
  mostOnPage = 2_000;
  readonly #known: Known[] = [];
  readonly #groups: ReadonlySet<string>;

  constructor(groups: readonly string[]) {
    this.#groups = new Set(groups);
  }

  /** The carrier has this line from now on, or has it in another state. */
  know(line: Line, standing: Standing): void {
    const place = this.#known.findIndex((each) => each.line === line);
    const known = { ...standing, line, number: 398_362_700 + (place < 0 ? this.#known.length : place) };
    if (place < 0) this.#known.push(known);
    else this.#known[place] = known;
  }

  hasGroup = (name: string): boolean => this.#groups.has(name);

  membersOf(account: string, group: string | null): Line[] {
    return this.#known.filter((each) => each.account === account && (group === null || each.groupName === group)).map(({ line }) => line);
  }

  list(body: unknown): { status: number; body: Json } {
    if (!isJson(body)) throw new PageFault('INPUT_INVALID.RequestUndefined', 'Request cannot be blank. Please provide request details.');
    const unknown = Object.keys(body).find((name) => !LIST_FIELDS.includes(name));
    if (unknown) throw new PageFault('DeserializationFailed', `Not on the page: ${unknown}.`);
    if (isJson(body['deviceId']))
      return { status: 200, body: { hasMoreData: false, devices: [recordOf(this.#find(body['deviceId']), true)] } };
    const { accountName, groupName, currentState, servicePlan, maxNumberOfDevices = 2_000, largestDeviceIdSeen } = body;
    const most = Number(maxNumberOfDevices);
    if (!Number.isInteger(most) || most < 1 || most > 2_000) throw new PageFault('DeserializationFailed', 'At most 2,000 devices.');
    if (groupName !== undefined && !this.hasGroup(textOf(groupName)))
      throw new PageFault('REQUEST_FAILED.DeviceGroupNotFound', 'No such group.');
    if (currentState !== undefined && !STATES.includes(textOf(currentState)))
      throw new PageFault('INPUT_INVALID.DeviceState.Invalid', 'No such state.');
    for (const name of ['earliest', 'latest']) if (name in body) momentOf(body[name]);
    const found = this.#known.filter(
      (each) =>
        (accountName === undefined || each.account === accountName) &&
        (groupName === undefined || each.groupName === groupName) &&
        (currentState === undefined || each.state === currentState) &&
        (servicePlan === undefined || each.servicePlan === servicePlan) &&
        (largestDeviceIdSeen === undefined || each.number > Number(largestDeviceIdSeen)),
    );
    const page = Math.min(most, this.mostOnPage);
    const hasMoreData = found.length > page;
    return { status: hasMoreData ? 202 : 200, body: { hasMoreData, devices: found.slice(0, page).map((each) => recordOf(each, false)) } };
  }

  history(body: unknown): Json[] {
    if (!isJson(body) || !isJson(body['deviceId'])) throw new PageFault('DeserializationFailed', 'deviceId is required.');
    const [earliest, latest] = [momentOf(body['earliest']), momentOf(body['latest'])];
    const known = this.#find(body['deviceId']);
    const events = (known.history ?? []).filter(({ occurredAt }) => Date.parse(occurredAt) >= earliest && Date.parse(occurredAt) <= latest);
    const provisioningHistory = events.map(({ occurredAt, eventType, status = 'Success' }) => ({
      occurredAt,
      status,
      eventBy: 'Harry Potter',
      eventType,
      servicePlan: known.servicePlan ?? 'm2m4G',
      mdn: known.line.mdn,
      msisdn: known.line.msisdn,
      extendedAttributes: [],
    }));
    return [{ provisioningHistory, hasMoreData: false }];
  }

  #find(deviceId: Json): Known {
    const [kind, id] = [textOf(deviceId['kind']), textOf(deviceId['id'])];
    const known = this.#known.find((each) => has(each.line, kind, id));
    if (!known) throw new PageFault('REQUEST_FAILED.DeviceNotFound', 'Device not found.');
    return known;
  }
}

function momentOf(value: unknown): number {
  const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/.test(textOf(value)) ? Date.parse(textOf(value)) : Number.NaN;
  if (Number.isNaN(moment)) throw new PageFault('DeserializationFailed', 'No date.');
  return moment;
}

/** As a dump of a real record: the order and casing of identifiers, the member names, values that are null. */
function recordOf(
  { line, account, state, groupName, servicePlan, profileStatus, lastActivationDate, number }: Known,
  single: boolean,
): Json {
  const gone = state === 'deactive' || state === 'pre-active';
  const kinds = gone ? ['imei', 'iccId'] : ['mdn', 'imsi', 'imei', 'iccId', 'msisdn', 'min'];
  if (profileStatus !== undefined) kinds.push('eid');
  const attributes: Record<string, string | null> = single
    ? {
        PrimaryPlaceOfUseTitle: null,
        AccountNumber: account,
        ProfileStatus: profileStatus ?? null,
        SkuNumber: null,
        CostCenterCode: '',
        RoamingStatus: 'Unavailable',
      }
    : {};
  return {
    accountName: account,
    billingCycleEndDate: '2026-12-31T20:00:00-04:00',
    carrierInformations: [{ carrierName: 'Verizon Wireless', servicePlan: gone ? null : (servicePlan ?? 'm2m4G'), state }],
    connected: state === 'active',
    createdAt: '2026-01-05T12:00:00-04:00',
    deviceIds: kinds.map((kind) => ({ id: identifierIn(line, kind), kind })),
    extendedAttributes: Object.entries({ ...attributes, DeviceId: String(number) }).map(([key, value]) => ({ key, value })),
    groupNames: [groupName ?? `Default: ${account}`],
    ipAddress: gone ? null : '10.4.5.6',
    lastActivationBy: 'Ron Weasley',
    lastActivationDate: lastActivationDate ?? '2026-01-05T12:05:00Z',
    lastConnectionDate: null,
  };
}

const identifierIn = (line: Line, kind: string): string => new Map<string, string>(Object.entries(line)).get(kind.toLowerCase()) ?? '';
