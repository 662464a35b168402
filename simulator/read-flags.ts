import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './options.ts';
import { describeUnkindnesses } from './unkind/describe-unkindnesses.ts';
import { unkindnessNames } from './unkind/unkindnesses.ts';

/** What `--help` prints. */
export const helpText = `Simulated Verizon ThingSpace Connectivity (M2M) API.

  --host <address>             address to bind to (127.0.0.1)
  --port <n>                   API port (8090; 0 for a free one)
  --admin-port <n>             admin port (8091; 0 for a free one)
  --seed <n>                   makes a run repeat, ids and tokens too
  --account <name>             an account; may be repeated
  --devices <n>                generated devices per account (60)
  --unknown-devices <how>      adopt | fail (adopt)
  --unkind <name,name…>        unkindnesses that apply to everything, of those below (none)
  --no-magic                   turn the magic identifiers off
  --lenient                    take what the documentation does not: an IMEI or ICCID alone, text/plain, …
  --failure-rate <share>       share of devices that fail, 0 to 1 (0)
  --activate-limit <n>         activate requests a minute and account (100; 0 for no limit)
  --delay <min-max>            ms from a request to its callbacks (200-2000)
  --callbacks-per-second <n>   most callbacks started in a second (no limit)
  --concurrency <n>            callbacks in flight at once (64)
  --resend <how>               observed | documented (observed)
  --spelling <how>             documented | field (documented)
  --registration <how>         a second registration: replace | refuse (replace)
  --ledger <mode>              full | counts (full)
  --profile-limit <n>          devices in one request of a profile operation (100, as in the SDK; the pages say 10000)
  --help

Unkindnesses, each with its magic identifier: the last four digits of the ICCID, else of the first identifier.

${describeUnkindnesses()}
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** The options a command line asks for, or `help`. Throws an Error that names the flag at fault. */
export function readFlags(args: readonly string[]): SimulatorOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: text,
      port: { ...text, default: '8090' },
      'admin-port': { ...text, default: '8091' },
      seed: text,
      account: { ...text, multiple: true },
      devices: text,
      'unknown-devices': text,
      unkind: text,
      'no-magic': flag,
      lenient: flag,
      'failure-rate': text,
      'activate-limit': text,
      delay: text,
      'callbacks-per-second': text,
      concurrency: text,
      resend: text,
      spelling: text,
      'profile-limit': text,
      registration: text,
      ledger: text,
      help: flag,
    },
  });
  if (values.help) return 'help';
  const number = (name: keyof typeof values): number | undefined => {
    const value = values[name];
    return typeof value === 'string' ? parseNumber(name, value) : undefined;
  };
  const oneOf = <T extends string>(name: keyof typeof values, ...choices: readonly T[]): T | undefined => {
    const choice = choices.find((each) => each === values[name]);
    if (values[name] !== undefined && choice === undefined) {
      throw new Error(`--${name} must be ${choices.join(' or ')}.`);
    }
    return choice;
  };
  const activateLimit = number('activate-limit');
  return present({
    host: values.host,
    port: number('port'),
    adminPort: number('admin-port'),
    seed: number('seed'),
    accounts: values.account,
    devicesPerAccount: number('devices'),
    unknownDevices: oneOf('unknown-devices', 'adopt', 'fail'),
    unkind: values.unkind === undefined ? undefined : unkindnessNames(values.unkind.split(',')),
    magicIdentifiers: !values['no-magic'],
    lenient: values.lenient,
    maxProfilesPerRequest: number('profile-limit'),
    failureRate: number('failure-rate'),
    activateRequestsPerMinute: activateLimit === 0 ? Number.POSITIVE_INFINITY : activateLimit,
    callbackDelayMs: values.delay === undefined ? undefined : parseRange('delay', values.delay),
    callbacksPerSecond: number('callbacks-per-second'),
    callbackConcurrency: number('concurrency'),
    resend: oneOf('resend', 'observed', 'documented'),
    spelling: oneOf('spelling', 'documented', 'field'),
    registration: oneOf('registration', 'replace', 'refuse'),
    ledger: oneOf('ledger', 'full', 'counts'),
  });
}

/** The options without those that are undefined, so that the defaults apply. */
function present(options: { readonly [K in keyof SimulatorOptions]: SimulatorOptions[K] | undefined }): SimulatorOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function parseNumber(name: string, value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed < 0) throw new Error(`--${name} must be a number.`);
  return parsed;
}

function parseRange(name: string, value: string): readonly [number, number] {
  const [min = '', max = min] = value.split('-');
  return [parseNumber(name, min), parseNumber(name, max)];
}
