import { parseArgs } from 'node:util';

export interface SandboxOptions {
  readonly graphqlPort: number;
  readonly callbackPort: number;
  readonly adminPort: number;
  readonly simulatorPort: number;
  readonly simulatorAdminPort: number;
  /** Where the store is kept; null for a temporary folder. */
  readonly dataFolder: string | null;
  /** Milliseconds from a request to each of its callbacks. */
  readonly delayMs: readonly [min: number, max: number];
  /** Origins and names of `Host` that are taken beside those of this machine. An asterisk stands for a part of a name. */
  readonly origins: readonly string[];
  readonly hosts: readonly string[];
  /** When a silent device is OVERDUE, in milliseconds; null for the gateway's own time. */
  readonly overdueAfterMs: number | null;
}

/** What `--help` prints. */
export const sandboxHelp = `The gateway with GraphiQL, against a simulated carrier: nothing to configure.

  npm run sandbox -- [flags]

  --graphql-port <n>           GraphQL and GraphiQL (4000; 0 for a free port, as everywhere)
  --callback-port <n>          callbacks of the simulated carrier (9001)
  --admin-port <n>             health and metrics of the gateway (9090)
  --simulator-port <n>         API of the simulated carrier (8090)
  --simulator-admin-port <n>   its admin API: faults on demand (8091)
  --data <folder>              keep the store there (a temporary folder, removed at the end)
  --delay <min-max>            ms from a request to its callbacks (200-2000)
  --origin <origin>            pages of this origin may ask too: https://app.example.com, https://*.app.github.dev (may be repeated)
  --host <name>                the gateway answers to this name too: my-machine.local, *.ngrok-free.app (may be repeated)
  --overdue-after <seconds>    when a silent device is OVERDUE (1500); after four times as long it is EXPIRED
  --help

  Pages of this machine may ask without a flag, on any port (localhost, *.localhost, 127.0.0.1, [::1]), and so may programs with a
  scheme of their own (capacitor://, tauri://, app://), emulators (10.0.2.2), and the ports of the code space that it runs in.
`;

/** The flag of each port. */
export const portFlags = {
  graphqlPort: 'graphql-port',
  callbackPort: 'callback-port',
  adminPort: 'admin-port',
  simulatorPort: 'simulator-port',
  simulatorAdminPort: 'simulator-admin-port',
} as const;

const text = { type: 'string' } as const;

/** The options a command line asks for, or `help`. Throws an Error that names the flag at fault. */
export function readSandboxFlags(args: readonly string[]): SandboxOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'graphql-port': { ...text, default: '4000' },
      'callback-port': { ...text, default: '9001' },
      'admin-port': { ...text, default: '9090' },
      'simulator-port': { ...text, default: '8090' },
      'simulator-admin-port': { ...text, default: '8091' },
      data: text,
      delay: { ...text, default: '200-2000' },
      origin: { ...text, multiple: true, default: [] },
      host: { ...text, multiple: true, default: [] },
      'overdue-after': text,
      help: { type: 'boolean' },
    },
  });
  if (values.help) return 'help';
  const port = (flag: (typeof portFlags)[keyof typeof portFlags]): number => {
    const number = Number(values[flag]);
    if (!/^\d{1,5}$/.test(values[flag]) || number > 65_535) throw new Error(`--${flag} must be a port number, 0 to 65535.`);
    return number;
  };
  if (values.data === '') throw new Error('--data must name a folder.');
  return {
    graphqlPort: port('graphql-port'),
    callbackPort: port('callback-port'),
    adminPort: port('admin-port'),
    simulatorPort: port('simulator-port'),
    simulatorAdminPort: port('simulator-admin-port'),
    dataFolder: values.data ?? null,
    delayMs: range(values.delay),
    origins: values.origin.map(readOrigin),
    hosts: values.host.map(readHost),
    overdueAfterMs: values['overdue-after'] === undefined ? null : readSeconds(values['overdue-after']),
  };
}

function range(written: string): [number, number] {
  const [, min = '', max = ''] = /^(\d{1,7})-(\d{1,7})$/.exec(written) ?? [];
  if (max === '' || Number(max) < Number(min)) throw new Error('--delay must be two numbers of milliseconds, the smaller first: 200-2000.');
  return [Number(min), Number(max)];
}

function readOrigin(written: string): string {
  // `null` is the origin of a page that is a file, or stands in a frame with `sandbox`.
  if (written !== 'null' && !/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*$/i.test(written))
    throw new Error('--origin must be an origin as the browser writes it, without a path or a slash at the end: http://app.test:5173');
  return written;
}

function readHost(written: string): string {
  if (!/^(?:[\w*.-]+|\[?[0-9a-f:.]+\]?)$/i.test(written) || /^[^:]+:\d+$/.test(written))
    throw new Error('--host must be a name or an address, without a port: my-machine.local');
  return written.replace(/^\[(.*)\]$/, '$1');
}

function readSeconds(written: string): number {
  const ms = Number(written) * 1_000;
  if (!/^\d{1,5}(?:\.\d{1,3})?$/.test(written) || ms < 100 || ms > 86_400_000)
    throw new Error('--overdue-after must be a number of seconds, 0.1 to 86400.');
  return ms;
}
