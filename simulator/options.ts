import { type Clock, realClock } from './clock.ts';
import type { UnkindnessName } from './unkind/unkindnesses.ts';

/** Key and secret of the OAuth application, and the UWS user of the session. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

/** Settings of one simulator. Each default follows the carrier's documentation or, where that is silent, the field. */
export interface SimulatorOptions {
  /** Address both servers bind to. Default `127.0.0.1`. */
  readonly host?: string;
  /** API port; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Admin port; 0 takes a free one, false starts no admin server. Default 0. */
  readonly adminPort?: number | false;
  /** Unsigned 32-bit seed. Given: the whole run repeats, ids and tokens too. Absent: only the inventory repeats. */
  readonly seed?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;

  /** Default `simulator-key`, `simulator-secret`, `simulator-user`, `simulator-password`. */
  readonly credentials?: Partial<Credentials>;
  /** Accounts of the UWS user. Default `0868924207-00001`, `0000123456-00001`, `TestAccount-1`. */
  readonly accounts?: readonly string[];
  /** Accounts that exist but are not the user's (REQUEST_FAILED.AccountName). Default `0999999999-00001`. */
  readonly foreignAccounts?: readonly string[];
  /** Generated devices per account. Default 60. */
  readonly devicesPerAccount?: number;
  /** Unknown, well-formed identifiers: taken on as new devices, or failed with DeviceNotFound. Default `adopt`. */
  readonly unknownDevices?: 'adopt' | 'fail';
  /** Unkindnesses that apply to everything from the start; see `unkind/unkindnesses.ts`. Default none. */
  readonly unkind?: readonly UnkindnessName[];
  /** Whether the magic identifiers work: each is an unkindness of one device. Turn off when a load test numbers its devices in sequence. Default true. */
  readonly magicIdentifiers?: boolean;
  /**
   * Whether it also takes what the documentation does not: an activation of a 4G device by its IMEI alone, or by its ICCID alone
   * without skuNumber; JSON under another Content-Type; `maxNumberOfDevices` over 2,000; dates, groups, states and kinds of
   * identifier that do not exist, in reads; more than `maxProfilesPerRequest`; a deactivation of a suspended line, or with another
   * reasonCode than FF; a cost center with accountName or filters beside `devices`. Default false.
   */
  readonly lenient?: boolean;
  /** Share of devices, 0 to 1, that fail with a general error. Default 0. */
  readonly failureRate?: number;

  /** Life of a bearer token in ms. Default 3,600,000 (one hour). */
  readonly bearerLifetimeMs?: number;
  /** Idle time that ends a session, in ms. Default 1,200,000 (20 minutes). */
  readonly sessionIdleMs?: number;
  /** Whether a login ends the sessions before it (undocumented). Default false. */
  readonly loginInvalidatesSessions?: boolean;
  /** Consecutive refused logins that lock the user. Default 5. */
  readonly lockoutAfter?: number;

  /** Activate requests per account in any 60 s. Default 100; Infinity for no limit. */
  readonly activateRequestsPerMinute?: number;
  /** Devices in one request. Default 10,000. */
  readonly maxDevicesPerRequest?: number;
  /** Devices in one request of a profile operation: 100 says the SDK, 10,000 say the pages. Default 100. */
  readonly maxProfilesPerRequest?: number;

  /** Time from a request to the callback of each device, drawn from [min, max] ms. Default [200, 2000]. */
  readonly callbackDelayMs?: readonly [min: number, max: number];
  /** Most callbacks started in a second. Default: no limit. */
  readonly callbacksPerSecond?: number;
  /** Callbacks in flight at once. Default 64. */
  readonly callbackConcurrency?: number;
  /** How a callback that is not acknowledged comes again; see README. Default `observed`. */
  readonly resend?: 'observed' | 'documented';
  /** `observed`: time without an answer after which a callback is sent again, in ms. Default 4000. */
  readonly unansweredAfterMs?: number;
  /** `observed`: time from a refusal to the one retry, drawn from [min, max] ms. Default [1200, 1700]. */
  readonly retryDelayMs?: readonly [min: number, max: number];
  /** `documented`: time between the attempts, in ms. Default 300,000 (5 minutes). */
  readonly resendIntervalMs?: number;
  /** When an attempt that has no answer is given up, in ms. Default 30,000. */
  readonly callbackTimeoutMs?: number;
  /** Casing of `kind` and `status`: as the samples, or other spellings seen in the field. Default `documented`. */
  readonly spelling?: 'documented' | 'field';
  /** Whether DeviceProfileService callbacks carry username and password (the samples do not). Default false. */
  readonly profileCallbackCredentials?: boolean;

  /** A second registration of a service: replaces the first, or is refused (undocumented). Default `replace`. */
  readonly registration?: 'replace' | 'refuse';
  /** Whether listeners on loopback addresses may use any port. Other hosts never may. Default true. */
  readonly allowAnyPort?: boolean;
  /** The answer to a list of no registrations: an empty body as documented, or `[]`. Default `empty`. */
  readonly emptyCallbackList?: 'empty' | 'array';

  /**
   * Extended attributes in a list of several devices: `all`, as seen in the field, or `DeviceId` alone (the documentation has them
   * for a single device only). Default `all`.
   */
  readonly pageAttributes?: 'all' | 'DeviceId';

  /** `full` keeps every request and callback; `counts` only counters, for load tests. Default `full`. */
  readonly ledger?: 'full' | 'counts';
}

/** Options with every default filled in. `callbacksPerSecond` is Infinity when there is no limit. */
export type Settings = Required<Omit<SimulatorOptions, 'seed' | 'credentials'>> & {
  readonly inventorySeed: number;
  readonly runSeed: number;
  readonly credentials: Credentials;
};

/** Fills the defaults. Throws RangeError for a share outside 0..1 or a range whose ends are swapped. */
export function resolveOptions(options: SimulatorOptions): Settings {
  const { seed, credentials, ...rest } = options;
  const settings: Settings = {
    host: '127.0.0.1',
    port: 0,
    adminPort: 0,
    clock: realClock,
    accounts: ['0868924207-00001', '0000123456-00001', 'TestAccount-1'],
    foreignAccounts: ['0999999999-00001'],
    devicesPerAccount: 60,
    unknownDevices: 'adopt',
    unkind: [],
    magicIdentifiers: true,
    lenient: false,
    failureRate: 0,
    bearerLifetimeMs: 3_600_000,
    sessionIdleMs: 1_200_000,
    loginInvalidatesSessions: false,
    lockoutAfter: 5,
    activateRequestsPerMinute: 100,
    maxDevicesPerRequest: 10_000,
    maxProfilesPerRequest: 100,
    callbackDelayMs: [200, 2000],
    callbacksPerSecond: Number.POSITIVE_INFINITY,
    callbackConcurrency: 64,
    resend: 'observed',
    unansweredAfterMs: 4000,
    retryDelayMs: [1200, 1700],
    resendIntervalMs: 300_000,
    callbackTimeoutMs: 30_000,
    spelling: 'documented',
    profileCallbackCredentials: false,
    registration: 'replace',
    allowAnyPort: true,
    emptyCallbackList: 'empty',
    pageAttributes: 'all',
    ledger: 'full',
    inventorySeed: seed ?? 1,
    runSeed: seed ?? Math.floor(Math.random() * 0x1_0000_0000),
    credentials: {
      clientId: 'simulator-key',
      clientSecret: 'simulator-secret',
      username: 'simulator-user',
      password: 'simulator-password',
      ...credentials,
    },
    ...rest,
  };
  if (!(settings.failureRate >= 0 && settings.failureRate <= 1)) throw new RangeError('failureRate must be 0 to 1.');
  for (const name of ['callbackDelayMs', 'retryDelayMs'] as const) {
    const [min, max] = settings[name];
    if (!(min >= 0 && max >= min)) throw new RangeError(`${name} must be [min, max] with 0 <= min <= max.`);
  }
  return settings;
}
