import { isIP } from 'node:net';
import * as z from 'zod';
import { originFault } from './origin-fault.ts';
import { CALLBACK_SERVICES } from '../datasources/thingspace/wire/callback-service.ts';

/** One environment variable. `.env.example` and docs/configuration.md are written from this table. */
export interface Variable<Value> {
  readonly name: `M2M_${string}`;
  readonly description: string;
  readonly example: string;
  /** The default, as it would be written. It is undefined for a variable that must be set, null for one that may be absent. */
  readonly fallback: string | null | undefined;
  /** The value is never shown. The example must not be used as it is. */
  readonly secret: boolean;
  /** The name of a file, whose example may be used. It is a secret all the same: a key may stand there by mistake. */
  readonly isFile?: true;
  readonly parse: z.ZodType<Value, string>;
}

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number, 0 to 65535 (0 takes a free one)')
  .transform(Number)
  .refine((value) => value <= 65535, 'must be a port number, 0 to 65535');
const isHost = (value: string) => isIP(value) !== 0 || /^\w(?:[\w.-]*\w)?$/.test(value);
const host = z.string().refine(isHost, 'must be a host name or an address, without a port');
/** Names separated by commas. A repeated name counts once. */
const names = z.string().transform((value) => [...new Set(value.split(',').map((name) => name.trim()))].filter((name) => name !== ''));
const flag = z.enum(['on', 'off'], 'must be on or off').transform((value) => value === 'on');
const url = z
  .string()
  .regex(/^https?:\/\/[^\s/]+/, 'must be an http:// or https:// URL')
  .refine(
    (value) => URL.canParse(value) && !/[\s?#@]/.test(value),
    'must be an http:// or https:// URL of host, port and path, without user, query or fragment',
  )
  .transform((value) => value.replace(/\/+$/, ''));
const text = z.string().min(1, 'must not be empty');
/** A whole number of `what`. */
const whole = (what: string, min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, `must be a whole number of ${what}, without a unit`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be between ${min} and ${max} ${what}`);

/** One file descriptor (`3`), or the first and the last of several (`3-10`). */
const descriptors = z
  .string()
  .regex(/^\d{1,4}(-\d{1,4})?$/, 'must be the number of a file descriptor, or the first and the last of several')
  .transform((value) => {
    const [first = 0, last = first] = value.split('-').map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  })
  .refine(
    (list) => (list[0] ?? 0) >= 3 && (list.at(-1) ?? 0) <= 1023,
    'must be between 3 and 1023 (0 to 2 are the input, output and errors of the process), the lower number first',
  );

/** `[account/]Service=URL` or `[account/]*=URL`, separated by commas. A fault names an entry by its number, because its URL may hold a secret. */
const forwards = z.string().transform((value, context) => {
  const entries = value
    .split(',')
    .map((entry) => /^(?:([A-Za-z0-9-]{1,64})\/)?([A-Za-z]+|\*)=(https?:\/\/\S+)$/.exec(entry.trim()))
    .map((parts) => ({ account: parts?.[1] ?? null, service: parts?.[2] === '*' ? null : (parts?.[2] ?? ''), url: parts?.[3] ?? '' }));
  for (const [at, { account, service, url }] of entries.entries()) {
    const place = `has an entry (number ${at + 1})`;
    if (!URL.canParse(url)) context.addIssue(`${place} that is not [account/]Service=URL or [account/]*=URL (a comma in a URL is %2C)`);
    else if (service !== null && !CALLBACK_SERVICES.some((known) => known === service))
      context.addIssue(`${place} for ${service}, which is not a callback service of the carrier: ${CALLBACK_SERVICES.join(', ')}`);
    else if (entries.findIndex((other) => other.account === account && other.service === service) !== at)
      context.addIssue(`${place} for an account and service that another entry has already`);
  }
  return entries;
});

/** `auto`, `any`, or a list of addresses and networks, in which `published` may stand too. */
const senders = names.transform((list, context) => {
  if (list.length === 0) context.addIssue('must be auto, any, published, or addresses and networks separated by commas');
  for (const entry of list) {
    const [address = '', prefix, more] = entry.split('/');
    const family = isIP(address);
    if ((entry === 'auto' || entry === 'any') && list.length > 1) context.addIssue(`has ${entry} beside other entries: it stands alone`);
    else if (['auto', 'any', 'published'].includes(entry)) continue;
    else if (family === 0 || address.includes('%') || more !== undefined)
      context.addIssue(`has the entry ${entry}, which is no address or network (192.0.2.1, 192.0.2.0/24, 2001:db8::/32)`);
    else if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32)))
      context.addIssue(`has the entry ${entry}, whose prefix is no number from 0 to ${family === 6 ? 128 : 32}`);
    else if (prefix !== undefined && /^::ffff:/i.test(address)) context.addIssue(`has the entry ${entry}: write an IPv4 network as one`);
  }
  return list;
});

const storeKeys = names.refine(
  (list) => list.length > 0 && list.every(isStoreKey),
  'must be keys of 32 bytes as base64 (openssl rand -base64 32), separated by commas',
);

/** Whether this is 32 bytes as base64. */
export function isStoreKey(value: string): boolean {
  return /^[A-Za-z0-9+/]{43}=?$/.test(value);
}

const databaseUrl = z.string().refine((value) => {
  const { protocol, hostname, pathname } = URL.parse(value) ?? {};
  return (protocol === 'postgres:' || protocol === 'postgresql:') && Boolean(hostname) && (pathname?.length ?? 0) > 1;
}, 'must be postgres://USER:PASSWORD@HOST:PORT/DATABASE');

/** The ports the carrier delivers callbacks to (its Register Callback Listener page). */
export const CARRIER_PORTS: readonly (readonly [number, number])[] = [
  [80, 80],
  [443, 443],
  [9001, 9006],
  [50551, 50559],
  [28200, 28220],
];

/** A variable without an example has its default for one. */
type Spec<Value> = Omit<Variable<Value>, 'secret' | 'fallback' | 'example'> & {
  readonly secret?: boolean;
  readonly fallback?: string | null;
  readonly example?: string;
};

function variable<Value>(spec: Spec<Value> & { readonly fallback: null }): Variable<Value> & { readonly fallback: null };
function variable<Value>(spec: Spec<Value>): Variable<Value> & { readonly fallback: string | undefined };
function variable<Value>(spec: Spec<Value>): Variable<Value> {
  return { secret: false, fallback: undefined, example: spec.fallback ?? '', ...spec };
}

/** The variable that names a file with this secret, as Docker and Kubernetes mount them. Null for what is no secret, or names a file itself. */
export function fileVariableOf({ name, secret, isFile }: Pick<Variable<unknown>, 'name' | 'secret' | 'isFile'>): string | null {
  // The file of keys has several lines, and is a variable of its own.
  return secret && !isFile && name !== 'M2M_STORE_KEYS' ? `${name}_FILE` : null;
}

/** The description with the variable that names a file, as the documentation shows it. */
export function describeVariable(spec: Variable<unknown>): string {
  const file = fileVariableOf(spec);
  return file === null ? spec.description : `${spec.description} Or \`${file}\`: the file that holds it.`;
}

export const VARIABLES = {
  accounts: variable({
    name: 'M2M_THINGSPACE_ACCOUNTS',
    description: 'Billing accounts that this gateway serves, separated by commas. Keep leading zeros.',
    example: '0868924207-00001,0000123456-00001',
    parse: names
      .refine((list) => list.length > 0, 'must name at least one billing account')
      .refine((list) => list.length <= 1_000, 'must name at most 1,000 billing accounts: start another gateway for more')
      .refine(
        (list) => list.every((name) => /^[A-Za-z0-9-]{1,64}$/.test(name)),
        'must be account names of letters, digits and dashes, separated by commas',
      ),
  }),
  clientId: variable({
    name: 'M2M_THINGSPACE_CLIENT_ID',
    description: 'Key of your ThingSpace application (the OAuth client id).',
    example: 'your-application-key',
    parse: text,
  }),
  clientSecret: variable({
    name: 'M2M_THINGSPACE_CLIENT_SECRET',
    description: 'Secret of your ThingSpace application.',
    example: 'your-application-secret',
    secret: true,
    parse: text,
  }),
  username: variable({
    name: 'M2M_THINGSPACE_USERNAME',
    description: 'UWS user name for the VZ-M2M session login.',
    example: 'your-uws-user',
    parse: text,
  }),
  password: variable({
    name: 'M2M_THINGSPACE_PASSWORD',
    description: 'UWS password. After one refusal the gateway tries no further login, because the carrier locks the account at the fifth.',
    example: 'your-uws-password',
    secret: true,
    parse: text,
  }),
  apiUrl: variable({
    name: 'M2M_THINGSPACE_API_URL',
    description: 'Base URL of the ThingSpace API.',
    example: 'http://127.0.0.1:8090/api',
    fallback: 'https://thingspace.verizon.com/api',
    parse: url,
  }),
  oauthUrl: variable({
    name: 'M2M_THINGSPACE_OAUTH_URL',
    description: 'Base URL of the OAuth endpoints. When left out it is `/ts/v1` below the API URL.',
    example: 'https://thingspace.verizon.com/api/ts/v1',
    fallback: null,
    parse: url,
  }),
  carrierTimeoutMs: variable({
    name: 'M2M_THINGSPACE_TIMEOUT_MS',
    description: 'Time limit for one call to the carrier, in milliseconds.',
    fallback: '30000',
    parse: whole('milliseconds', 100, 600_000),
  }),
  activationsPerMinute: variable({
    name: 'M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE',
    description: 'Most activate requests that are sent in any 60 seconds. The carrier takes 100. A few less leave room for its clock.',
    fallback: '95',
    parse: whole('requests', 1, 100_000),
  }),
  callbackSecret: variable({
    name: 'M2M_CALLBACK_SECRET',
    description:
      'Secret of at least 32 characters, from which the unguessable callback paths are made: one for each account and service. A change of it changes every callback URL.',
    example: 'output-of-openssl-rand-base64-32-goes-here',
    secret: true,
    parse: z.string().min(32, 'must have at least 32 characters (openssl rand -base64 32)'),
  }),
  callbackPreviousSecret: variable({
    name: 'M2M_CALLBACK_PREVIOUS_SECRET',
    description: 'The secret before the last change. Its paths are still taken, because the carrier goes on using the URLs it had.',
    example: 'the-secret-of-before-the-last-rotation',
    fallback: null,
    secret: true,
    parse: z.string().min(32, 'must have at least 32 characters'),
  }),
  callbackHost: variable({
    name: 'M2M_CALLBACK_HOST',
    description: 'Address that the callback listener binds to.',
    fallback: '0.0.0.0',
    parse: host,
  }),
  callbackPort: variable({
    name: 'M2M_CALLBACK_PORT',
    description: 'Port of the callback listener. The carrier delivers to ports 80, 443, 9001–9006, 50551–50559 and 28200–28220.',
    fallback: '9001',
    parse: port,
  }),
  callbackFd: variable({
    name: 'M2M_CALLBACK_FD',
    description:
      'File descriptor of a listening socket that the supervisor holds open, for example a .socket unit of systemd. It takes the place of M2M_CALLBACK_HOST and M2M_CALLBACK_PORT. Callbacks then wait during a restart instead of being refused. `3` is one socket. `3-10` are several on the same address, which take connections faster.',
    example: '3-10',
    fallback: null,
    parse: descriptors,
  }),
  callbackAddresses: variable({
    name: 'M2M_CALLBACK_ADDRESSES',
    description:
      'Addresses that may deliver callbacks: `any`, `published` (the eight addresses that the carrier publishes), or addresses and networks separated by commas. `auto` is `published` if M2M_CALLBACK_PROXY_HOPS is set. It is `published` and all private addresses (those of a proxy or a container network) if M2M_CALLBACK_PUBLIC_URL is http and the listener is not on loopback. Otherwise the carrier’s own address cannot be seen, and `auto` is `any`.',
    example: 'published',
    fallback: 'auto',
    parse: senders,
  }),
  callbackProxyHops: variable({
    name: 'M2M_CALLBACK_PROXY_HOPS',
    description:
      'Number of proxies in front of the callback listener that write X-Forwarded-For. The gateway believes this many addresses at the end of the header.',
    example: '1',
    fallback: '0',
    parse: whole('proxies', 0, 10),
  }),
  callbackPublicUrl: variable({
    name: 'M2M_CALLBACK_PUBLIC_URL',
    description:
      'URL at which the carrier reaches the callback listener, with the path prefix of a proxy if there is one. Registration needs it.',
    example: 'https://m2m.example.com:9001',
    fallback: null,
    parse: url,
  }),
  callbackUsername: variable({
    name: 'M2M_CALLBACK_USERNAME',
    description: 'Username of our registration. The carrier repeats it in its messages. At most 40 characters, and not your UWS user name.',
    example: 'm2m-gateway',
    fallback: null,
    parse: text.max(40, 'must have at most 40 characters'),
  }),
  callbackPassword: variable({
    name: 'M2M_CALLBACK_PASSWORD',
    description: 'Password of our registration. The carrier repeats it in its messages. At most 40 characters, and not your UWS password.',
    example: 'a-random-password',
    fallback: null,
    secret: true,
    parse: text.max(40, 'must have at most 40 characters'),
  }),
  callbackPreviousUsername: variable({
    name: 'M2M_CALLBACK_PREVIOUS_USERNAME',
    description: 'Username of our registration before the last change. The carrier goes on using it for a while.',
    example: 'm2m-gateway',
    fallback: null,
    parse: text,
  }),
  callbackPreviousPassword: variable({
    name: 'M2M_CALLBACK_PREVIOUS_PASSWORD',
    description: 'Password of our registration before the last change.',
    example: 'the-random-password-of-before',
    fallback: null,
    secret: true,
    parse: text,
  }),
  callbackStrict: variable({
    name: 'M2M_CALLBACK_STRICT',
    description:
      '`on`: a message without username and password becomes a dead letter and is not applied. Most messages of the eSIM services come without them.',
    fallback: 'off',
    parse: flag,
  }),
  callbackRegister: variable({
    name: 'M2M_CALLBACK_REGISTER',
    description:
      '`on`: at its start the gateway makes sure that the carrier delivers CarrierService, NiddService and DeviceProfileService to it. It never replaces the registration of another tool. It reports what it could not register, and tries again every minute.',
    example: 'on',
    fallback: 'off',
    parse: flag,
  }),
  callbackForward: variable({
    name: 'M2M_CALLBACK_FORWARD',
    description:
      'Listeners of other tools that still receive a copy of each callback: `[account/]Service=URL` or `[account/]*=URL`, separated by commas. The most specific entry wins.',
    example: '*=https://tool.example.com/callbacks?key=of-the-previous-listener',
    fallback: null,
    secret: true,
    parse: forwards,
  }),
  callbackForwardUsername: variable({
    name: 'M2M_CALLBACK_FORWARD_USERNAME',
    description: 'Username of the other tool’s own registration, which is put into forwarded messages.',
    example: 'previous-tool',
    fallback: null,
    parse: text,
  }),
  callbackForwardPassword: variable({
    name: 'M2M_CALLBACK_FORWARD_PASSWORD',
    description: 'Password of the other tool’s own registration, which is put into forwarded messages.',
    example: 'password-of-the-previous-tool',
    fallback: null,
    secret: true,
    parse: text,
  }),
  auth: variable({
    name: 'M2M_AUTH',
    description:
      '`on`: every caller of GraphQL must show an API key (`npm run keys`) or a JWT. `off`: anyone who reaches the listener may do everything, so it binds to loopback only.',
    fallback: 'on',
    parse: flag,
  }),
  jwtIssuer: variable({
    name: 'M2M_JWT_ISSUER',
    description:
      'The `iss` that a JWT must have. JWTs are taken once this, M2M_JWT_AUDIENCE, and M2M_JWT_JWKS_URL or M2M_JWT_JWKS_FILE are set.',
    example: 'https://login.example.com/',
    fallback: null,
    parse: text,
  }),
  jwtAudience: variable({
    name: 'M2M_JWT_AUDIENCE',
    description: 'The `aud` that a JWT must have.',
    example: 'https://m2m.example.com/graphql',
    fallback: null,
    parse: text,
  }),
  jwksUrl: variable({
    name: 'M2M_JWT_JWKS_URL',
    description: 'URL at which the issuer publishes its public keys (JWKS).',
    example: 'https://login.example.com/.well-known/jwks.json',
    fallback: null,
    parse: url,
  }),
  jwksFile: variable({
    name: 'M2M_JWT_JWKS_FILE',
    description: 'File with the public keys of the issuer (JWKS), in place of the URL.',
    example: '/etc/m2m/jwks.json',
    fallback: null,
    parse: text.refine((value) => !value.includes('{'), 'must be the name of a file, not what stands in it'),
  }),
  jwtClaim: variable({
    name: 'M2M_JWT_CLAIM',
    description:
      'Claim of a JWT that holds its rights: `{"accounts": {"0868924207-00001": ["read", "write"]}, "grants": ["activationCode"]}`. The account `*` stands for every account.',
    example: 'https://m2m.example.com/rights',
    fallback: 'm2m',
    parse: text,
  }),
  graphqlHost: variable({
    name: 'M2M_GRAPHQL_HOST',
    description:
      'Address that the GraphQL listener binds to. It speaks plain HTTP: for any address but loopback, put a proxy in front that ends TLS.',
    fallback: '127.0.0.1',
    parse: host,
  }),
  graphqlPort: variable({
    name: 'M2M_GRAPHQL_PORT',
    description: 'Port of the GraphQL listener (HTTP, Server-Sent Events and WebSocket at /graphql).',
    fallback: '4000',
    parse: port,
  }),
  graphqlFd: variable({
    name: 'M2M_GRAPHQL_FD',
    description:
      'The same as M2M_CALLBACK_FD, for GraphQL. It takes the place of M2M_GRAPHQL_HOST and M2M_GRAPHQL_PORT. It cannot be used with M2M_AUTH=off.',
    example: '11',
    fallback: null,
    parse: descriptors,
  }),
  graphqlHosts: variable({
    name: 'M2M_GRAPHQL_HOSTS',
    description:
      'Names that GraphQL takes in the `Host` header, separated by commas, without ports. Any other name is refused, so that no foreign web page can reach the gateway under a name of its own.',
    fallback: '127.0.0.1,localhost,::1',
    parse: names
      .transform((list) => list.map((name) => name.toLowerCase()))
      .refine((list) => list.length > 0 && list.every(isHost), 'must be host names or addresses without ports, separated by commas'),
  }),
  graphqlOrigins: variable({
    name: 'M2M_GRAPHQL_ORIGINS',
    description:
      'Origins of web pages that may call GraphQL (CORS and WebSocket), separated by commas, each as the client writes it. Web views and desktop programs have schemes of their own. When left out, only the gateway’s own page (GraphiQL) and clients that are not browsers may call it.',
    example: 'https://app.example.com,capacitor://localhost',
    fallback: null,
    parse: names
      .transform((list) => list.map((origin) => origin.toLowerCase()))
      .transform((list, context) => {
        if (list.length === 0) context.addIssue('must be origins (scheme, host and port, nothing behind it), separated by commas');
        for (const [at, origin] of list.entries()) {
          const fault = originFault(origin);
          // An origin that is refused may hold a password. So a fault names it by its number.
          if (fault !== null) context.addIssue(`must be origins (scheme, host and port, nothing behind it), but number ${at + 1} ${fault}`);
        }
        return list;
      }),
  }),
  trustedDocuments: variable({
    name: 'M2M_TRUSTED_DOCUMENTS',
    description:
      '`off`: any document runs. `prefer`: any document runs, and a trusted one may be called by its id and is free of the limits on form. `require`: only trusted documents run.',
    example: 'require',
    fallback: 'off',
    parse: z.enum(['off', 'prefer', 'require'], 'must be off, prefer or require'),
  }),
  trustedDocumentsFiles: variable({
    name: 'M2M_TRUSTED_DOCUMENTS_FILES',
    description:
      'Files of trusted documents, separated by commas. Each is JSON from SHA-256 to document, like the persisted-documents.json that codegen writes.',
    example: './documents/gql/persisted-documents.json',
    fallback: null,
    parse: names.refine((list) => list.length > 0, 'must name at least one file'),
  }),
  maxCost: variable({
    name: 'M2M_GRAPHQL_MAX_COST',
    description:
      'Most objects that one operation may ask for. They are counted before it runs: page sizes multiply, and every item of a list in the input counts.',
    fallback: '50000',
    parse: whole('objects', 100, 10_000_000),
  }),
  operationsPerMinute: variable({
    name: 'M2M_CALLER_OPERATIONS_PER_MINUTE',
    description: 'Most operations of one caller in a minute.',
    fallback: '12000',
    parse: whole('operations', 1, 10_000_000),
  }),
  mutationsPerMinute: variable({
    name: 'M2M_CALLER_MUTATIONS_PER_MINUTE',
    description: 'Most mutation fields of one caller in a minute. The carrier itself takes 100 activate requests a minute.',
    fallback: '600',
    parse: whole('mutations', 1, 10_000_000),
  }),
  maxQueuedPerCaller: variable({
    name: 'M2M_CALLER_MAX_QUEUED_REQUESTS',
    description: 'Most requests that one caller may have waiting. The rest of M2M_MAX_QUEUED_REQUESTS is left for other callers.',
    fallback: '500',
    parse: whole('requests', 1, 1_000_000),
  }),
  socketsPerCaller: variable({
    name: 'M2M_CALLER_SOCKETS',
    description: 'Most WebSockets of one caller. Each may have 100 subscriptions.',
    fallback: '50',
    parse: whole('sockets', 1, 1_000_000),
  }),
  graphiql: variable({
    name: 'M2M_GRAPHIQL',
    description: '`on`: a browser gets GraphiQL, the API explorer, at /graphql.',
    fallback: 'off',
    parse: flag,
  }),
  submitWaitMs: variable({
    name: 'M2M_SUBMIT_WAIT_MS',
    description: 'How long a mutation waits for the carrier’s answer, in milliseconds. After that it returns the request as it stands.',
    fallback: '10000',
    parse: whole('milliseconds', 0, 120_000),
  }),
  maxQueued: variable({
    name: 'M2M_MAX_QUEUED_REQUESTS',
    description: 'Most requests that may wait to be sent. Further mutations are answered RateLimited.',
    fallback: '1000',
    parse: whole('requests', 1, 1_000_000),
  }),
  maxBodyBytes: variable({
    name: 'M2M_GRAPHQL_MAX_BODY_BYTES',
    description: 'Largest GraphQL request body, in bytes. A mutation of 10,000 devices takes about 2 MB.',
    fallback: '8388608',
    parse: whole('bytes', 1024, 268_435_456),
  }),
  adminHost: variable({
    name: 'M2M_ADMIN_HOST',
    description: 'Address of the admin listener (health, metrics, commands). It has no authentication, so keep it private.',
    fallback: '127.0.0.1',
    parse: host,
  }),
  adminPort: variable({
    name: 'M2M_ADMIN_PORT',
    description: 'Port of the admin listener.',
    fallback: '9090',
    parse: port,
  }),
  storePath: variable({
    name: 'M2M_STORE_PATH',
    description: 'File of the embedded store, on a local disk. Only one gateway at a time can use it.',
    fallback: './data/gateway.sqlite',
    parse: text,
  }),
  storeUrl: variable({
    name: 'M2M_STORE_URL',
    description:
      'PostgreSQL database (15 or newer) that several gateways share, in place of the embedded store. `M2M_STORE_PATH` has no effect then.',
    example: 'postgres://gateway:secret@db.example.com:5432/gateway?sslmode=verify-full',
    fallback: null,
    secret: true,
    parse: databaseUrl,
  }),
  storeConnections: variable({
    name: 'M2M_STORE_CONNECTIONS',
    description:
      'The most connections of one gateway to PostgreSQL for GraphQL and its work. Callbacks have 4 of their own, and each of the two threads has one more to hear the other gateways.',
    fallback: '10',
    parse: whole('connections', 2, 1_000),
  }),
  storeJournalPath: variable({
    name: 'M2M_STORE_JOURNAL',
    description:
      'File on a local disk that keeps callbacks while PostgreSQL does not answer. Each gateway needs one of its own, on a disk that stays when the gateway is moved or restarted.',
    fallback: './data/journal.sqlite',
    parse: text,
  }),
  storeUnsynced: variable({
    name: 'M2M_STORE_UNSYNCED',
    description:
      '`on`: use a PostgreSQL server with fsync, full_page_writes or synchronous_commit off. It may lose callbacks that were acknowledged when it crashes.',
    fallback: 'off',
    parse: flag,
  }),
  storeMinFreeMb: variable({
    name: 'M2M_STORE_MIN_FREE_MB',
    description:
      'Below this much free disk, in MB, only results of requests that are known are taken. Other callbacks are answered 503, and mutations are refused. 0 turns it off. Without it: 1024, or 5 % of the disk if that is less.',
    example: '2048',
    fallback: null,
    parse: whole('MB', 0, 1_000_000),
  }),
  storeKeys: variable({
    name: 'M2M_STORE_KEYS',
    description:
      'Keys that encrypt callbacks and the inputs of mutations in the store, because they hold names, addresses, activation codes and device credentials. Each key is 32 bytes as base64; commas separate several. The first encrypts new rows. The others read older rows.',
    example: 'ZXhhbXBsZS1vZi1hLWtleS1tYWtlLXlvdXItb3duISE=',
    fallback: null,
    secret: true,
    parse: storeKeys,
  }),
  storeKeysFile: variable({
    name: 'M2M_STORE_KEYS_FILE',
    description: 'File that holds these keys instead, one on each line. The first encrypts new rows.',
    example: '/run/secrets/m2m-store-keys',
    fallback: null,
    secret: true,
    isFile: true,
    parse: text.refine((value) => !value.split(',').some(isStoreKey), 'must be the name of a file, not a key'),
  }),
  storePlaintext: variable({
    name: 'M2M_STORE_PLAINTEXT',
    description:
      '`on`: run without M2M_STORE_KEYS. Names, addresses, activation codes and device credentials are then readable in the store and in every backup of it.',
    fallback: 'off',
    parse: flag,
  }),
  retentionDays: variable({
    name: 'M2M_RETENTION_DAYS',
    description:
      'Days that a request is kept after it is complete. A message that belongs to no request is kept as long. Then they are purged. Open requests are always kept.',
    fallback: '30',
    parse: whole('days', 1, 3_650),
  }),
  adoptAfterMs: variable({
    name: 'M2M_ADOPT_AFTER_MS',
    description:
      'How long a callback stays unclaimed when no request of ours matches it, in milliseconds. Then it becomes a request of origin EXTERNAL.',
    fallback: '120000',
    parse: whole('milliseconds', 1_000, 86_400_000),
  }),
  overdueAfterMs: variable({
    name: 'M2M_OVERDUE_AFTER_MS',
    description:
      'How long a device may stay silent after its request left, in milliseconds. Then it is OVERDUE, and the gateway asks the carrier about it. The carrier reports most devices within minutes.',
    fallback: '1500000',
    parse: whole('milliseconds', 100, 86_400_000),
  }),
  expireAfterMs: variable({
    name: 'M2M_EXPIRE_AFTER_MS',
    description:
      'How long the gateway waits for a request in all, in milliseconds. Then devices that have not reported are EXPIRED, and a request that could not be sent is cancelled. The carrier documents up to 12 hours.',
    fallback: '43200000',
    parse: whole('milliseconds', 200, 604_800_000),
  }),
  expireOnHoldAfterMs: variable({
    name: 'M2M_EXPIRE_ON_HOLD_AFTER_MS',
    description:
      'The same for a device that the carrier has put on hold, for example until a credit is approved, in milliseconds. Never shorter than M2M_EXPIRE_AFTER_MS.',
    fallback: '1209600000',
    parse: whole('milliseconds', 200, 7_776_000_000),
  }),
  externalQuietMs: variable({
    name: 'M2M_EXTERNAL_QUIET_MS',
    description:
      'When every known device of another tool’s request has a result, the request ends once nothing more has come for this long, in milliseconds. A later callback opens it again.',
    fallback: '900000',
    parse: whole('milliseconds', 100, 86_400_000),
  }),
  reconcileCallsPerMinute: variable({
    name: 'M2M_RECONCILE_CALLS_PER_MINUTE',
    description: 'Most questions to the carrier about silent devices in any 60 seconds.',
    fallback: '60',
    parse: whole('calls', 1, 100_000),
  }),
  readsPerMinute: variable({
    name: 'M2M_THINGSPACE_READS_PER_MINUTE',
    description:
      'Most questions and changes of device groups that all callers together may send to the carrier in any 60 seconds. One caller gets half of them, fewer when more callers ask. What the gateway asks by itself (M2M_RECONCILE_CALLS_PER_MINUTE) does not count.',
    fallback: '120',
    parse: whole('calls', 1, 10_000),
  }),
  logLevel: variable({
    name: 'M2M_LOG_LEVEL',
    description: 'Lowest level that is logged: debug, info, warn, error or silent.',
    fallback: 'info',
    parse: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent'),
  }),
} as const;

export type VariableKey = keyof typeof VARIABLES;
