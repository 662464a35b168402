import { isIP } from 'node:net';
import * as z from 'zod';
import { CALLBACK_SERVICES } from '../datasources/thingspace/wire/callback-service.ts';

/** One environment variable: what it is, how it must look, what it is when absent. The README's table is checked against this. */
export interface Variable<Value> {
  readonly name: `M2M_${string}`;
  readonly description: string;
  readonly example: string;
  /** As it would be written; undefined for a variable that must be set, null for one that may be absent. */
  readonly fallback: string | null | undefined;
  readonly secret: boolean;
  /** Its example may be used as it is: the name of a file, shown to nobody because a secret may stand there by mistake. */
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
/** Separated by commas, each once. */
const names = z.string().transform((value) => [
  ...new Set(
    value
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ),
]);
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
const secretText = z.string().min(1, 'must not be empty');
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

/** `[account/]Service=URL` or `[account/]*=URL`, separated by commas. Faults name an entry by its place: a URL may hold a secret. */
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

/** `auto`, `any`, or addresses and networks, `published` among them. */
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

/** 32 bytes as base64. */
export function isStoreKey(value: string): boolean {
  return /^[A-Za-z0-9+/]{43}=?$/.test(value);
}

/** The ports the carrier delivers callbacks to (its Register Callback Listener page). */
export const CARRIER_PORTS: readonly (readonly [number, number])[] = [
  [80, 80],
  [443, 443],
  [9001, 9006],
  [50551, 50559],
  [28200, 28220],
];

type Spec<Value> = Omit<Variable<Value>, 'secret' | 'fallback'> & { readonly secret?: boolean; readonly fallback?: string | null };

function variable<Value>(spec: Spec<Value> & { readonly fallback: null }): Variable<Value> & { readonly fallback: null };
function variable<Value>(spec: Spec<Value>): Variable<Value> & { readonly fallback: string | undefined };
function variable<Value>(spec: Spec<Value>): Variable<Value> {
  return { secret: false, fallback: undefined, ...spec };
}

export const VARIABLES = {
  accounts: variable({
    name: 'M2M_THINGSPACE_ACCOUNTS',
    description: 'Billing accounts this gateway serves, separated by commas, leading zeros included.',
    example: '0868924207-00001,0000123456-00001',
    parse: names
      .refine((list) => list.length > 0, 'must name at least one billing account')
      .refine(
        (list) => list.every((name) => /^[A-Za-z0-9-]{1,64}$/.test(name)),
        'must be account names of letters, digits and dashes, separated by commas',
      ),
  }),
  clientId: variable({
    name: 'M2M_THINGSPACE_CLIENT_ID',
    description: 'Key of your ThingSpace application (OAuth client id).',
    example: 'your-application-key',
    parse: text,
  }),
  clientSecret: variable({
    name: 'M2M_THINGSPACE_CLIENT_SECRET',
    description: 'Secret of your ThingSpace application.',
    example: 'your-application-secret',
    secret: true,
    parse: secretText,
  }),
  username: variable({
    name: 'M2M_THINGSPACE_USERNAME',
    description: 'UWS user name for the VZ-M2M session login.',
    example: 'your-uws-user',
    parse: text,
  }),
  password: variable({
    name: 'M2M_THINGSPACE_PASSWORD',
    description: 'UWS password. One refusal stops all further logins: the fifth would lock the account.',
    example: 'your-uws-password',
    secret: true,
    parse: secretText,
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
    description: 'Base URL of the OAuth endpoints; `/ts/v1` below the API URL when left out.',
    example: 'https://thingspace.verizon.com/api/ts/v1',
    fallback: null,
    parse: url,
  }),
  carrierTimeoutMs: variable({
    name: 'M2M_THINGSPACE_TIMEOUT_MS',
    description: 'How long one call to the carrier may take, in milliseconds.',
    example: '30000',
    fallback: '30000',
    parse: whole('milliseconds', 100, 600_000),
  }),
  activationsPerMinute: variable({
    name: 'M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE',
    description: 'Activate requests sent in any 60 seconds at most. The carrier takes 100; a little less leaves room for its clock.',
    example: '95',
    fallback: '95',
    parse: whole('requests', 1, 100_000),
  }),
  callbackSecret: variable({
    name: 'M2M_CALLBACK_SECRET',
    description:
      'Makes the unguessable callback paths, one per account and service: at least 32 characters, kept secret. Changing it changes every callback URL.',
    example: 'output-of-openssl-rand-base64-32-goes-here',
    secret: true,
    parse: z.string().min(32, 'must have at least 32 characters (openssl rand -base64 32)'),
  }),
  callbackPreviousSecret: variable({
    name: 'M2M_CALLBACK_PREVIOUS_SECRET',
    description: 'The secret before the last change: its paths are still taken, because the carrier goes on using what it had.',
    example: 'the-secret-of-before-the-last-rotation',
    fallback: null,
    secret: true,
    parse: z.string().min(32, 'must have at least 32 characters'),
  }),
  callbackHost: variable({
    name: 'M2M_CALLBACK_HOST',
    description: 'Address the callback listener binds to.',
    example: '0.0.0.0',
    fallback: '0.0.0.0',
    parse: host,
  }),
  callbackPort: variable({
    name: 'M2M_CALLBACK_PORT',
    description: 'Port of the callback listener. The carrier delivers to 80, 443, 9001–9006, 50551–50559 and 28200–28220.',
    example: '9001',
    fallback: '9001',
    parse: port,
  }),
  callbackFd: variable({
    name: 'M2M_CALLBACK_FD',
    description:
      'Instead of M2M_CALLBACK_HOST and M2M_CALLBACK_PORT: file descriptor of a listening socket that the supervisor holds open (a .socket unit of systemd), so that callbacks wait during a restart instead of being refused; `3`, or `3-10` for several on the same address, of which connections are taken faster.',
    example: '3-10',
    fallback: null,
    parse: descriptors,
  }),
  callbackAddresses: variable({
    name: 'M2M_CALLBACK_ADDRESSES',
    description:
      'Who may deliver callbacks: `any`, `published` (the eight addresses the carrier publishes), or addresses and networks separated by commas. `auto` is `published` where the carrier’s own address is seen (M2M_CALLBACK_PROXY_HOPS is set; or M2M_CALLBACK_PUBLIC_URL is http and the listener not on loopback, and then private addresses, which a proxy or a container network has, are taken too), and `any` behind a proxy.',
    example: 'published',
    fallback: 'auto',
    parse: senders,
  }),
  callbackProxyHops: variable({
    name: 'M2M_CALLBACK_PROXY_HOPS',
    description: 'Proxies in front of the callback listener that write X-Forwarded-For: so many addresses from its end are believed.',
    example: '1',
    fallback: '0',
    parse: whole('proxies', 0, 10),
  }),
  callbackPublicUrl: variable({
    name: 'M2M_CALLBACK_PUBLIC_URL',
    description: 'Where the carrier reaches the callback listener, with the path prefix of a proxy if there is one. Needed to register.',
    example: 'https://m2m.example.com:9001',
    fallback: null,
    parse: url,
  }),
  callbackUsername: variable({
    name: 'M2M_CALLBACK_USERNAME',
    description: 'Username given at registration; the carrier repeats it in messages. At most 40 characters, not your UWS user.',
    example: 'm2m-gateway',
    fallback: null,
    parse: text.max(40, 'must have at most 40 characters'),
  }),
  callbackPassword: variable({
    name: 'M2M_CALLBACK_PASSWORD',
    description: 'Password given at registration; the carrier repeats it in messages. At most 40 characters, not your UWS password.',
    example: 'a-random-password',
    fallback: null,
    secret: true,
    parse: secretText.max(40, 'must have at most 40 characters'),
  }),
  callbackPreviousUsername: variable({
    name: 'M2M_CALLBACK_PREVIOUS_USERNAME',
    description: 'Username of our registration before the last change: the carrier goes on using it for a while.',
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
    parse: secretText,
  }),
  callbackStrict: variable({
    name: 'M2M_CALLBACK_STRICT',
    description:
      '`on`: a message without username and password is kept aside and not applied. Most messages of the eSIM services come without.',
    example: 'off',
    fallback: 'off',
    parse: flag,
  }),
  callbackRegister: variable({
    name: 'M2M_CALLBACK_REGISTER',
    description:
      '`on`: at start, make sure the carrier delivers CarrierService, NiddService and DeviceProfileService to this gateway. A listener of another tool is never replaced; what could not be registered is told, and tried again every minute.',
    example: 'on',
    fallback: 'off',
    parse: flag,
  }),
  callbackForward: variable({
    name: 'M2M_CALLBACK_FORWARD',
    description:
      'Listeners of other tools that go on receiving what comes: `[account/]Service=URL` or `[account/]*=URL`, separated by commas; the most specific entry wins.',
    example: '*=https://tool.example.com/callbacks?key=of-the-previous-listener',
    fallback: null,
    secret: true,
    parse: forwards,
  }),
  callbackForwardUsername: variable({
    name: 'M2M_CALLBACK_FORWARD_USERNAME',
    description: 'Username of the previous registration, put into forwarded messages.',
    example: 'previous-tool',
    fallback: null,
    parse: text,
  }),
  callbackForwardPassword: variable({
    name: 'M2M_CALLBACK_FORWARD_PASSWORD',
    description: 'Password of the previous registration, put into forwarded messages.',
    example: 'password-of-the-previous-tool',
    fallback: null,
    secret: true,
    parse: secretText,
  }),
  auth: variable({
    name: 'M2M_AUTH',
    description:
      '`on`: every caller of GraphQL shows an API key (`npm run keys`) or a JWT. `off`: nobody is asked, anyone who reaches the listener may do everything, and therefore it binds to loopback only.',
    example: 'on',
    fallback: 'on',
    parse: flag,
  }),
  jwtIssuer: variable({
    name: 'M2M_JWT_ISSUER',
    description: '`iss` that a JWT must have. With it, M2M_JWT_AUDIENCE and one of M2M_JWT_JWKS_URL and M2M_JWT_JWKS_FILE, JWTs are taken.',
    example: 'https://login.example.com/',
    fallback: null,
    parse: text,
  }),
  jwtAudience: variable({
    name: 'M2M_JWT_AUDIENCE',
    description: '`aud` that a JWT must have.',
    example: 'https://m2m.example.com/graphql',
    fallback: null,
    parse: text,
  }),
  jwksUrl: variable({
    name: 'M2M_JWT_JWKS_URL',
    description: 'Where the issuer publishes its public keys (JWKS).',
    example: 'https://login.example.com/.well-known/jwks.json',
    fallback: null,
    parse: url,
  }),
  jwksFile: variable({
    name: 'M2M_JWT_JWKS_FILE',
    description: 'File with the public keys of the issuer (JWKS), instead of a URL.',
    example: '/etc/m2m/jwks.json',
    fallback: null,
    parse: text.refine((value) => !value.includes('{'), 'must be the name of a file, not what stands in it'),
  }),
  jwtClaim: variable({
    name: 'M2M_JWT_CLAIM',
    description:
      'Claim of a JWT with its rights: `{"accounts": {"0868924207-00001": ["read", "write"]}, "grants": ["activationCode"]}`; the account `*` stands for every one.',
    example: 'https://m2m.example.com/rights',
    fallback: 'm2m',
    parse: text,
  }),
  graphqlHost: variable({
    name: 'M2M_GRAPHQL_HOST',
    description: 'Address the GraphQL listener binds to. It speaks plain HTTP: put a proxy that ends TLS before anything but loopback.',
    example: '127.0.0.1',
    fallback: '127.0.0.1',
    parse: host,
  }),
  graphqlPort: variable({
    name: 'M2M_GRAPHQL_PORT',
    description: 'Port of the GraphQL listener (HTTP, Server-Sent Events and WebSocket at /graphql).',
    example: '4000',
    fallback: '4000',
    parse: port,
  }),
  graphqlFd: variable({
    name: 'M2M_GRAPHQL_FD',
    description: 'The same for GraphQL, instead of M2M_GRAPHQL_HOST and M2M_GRAPHQL_PORT; not with M2M_AUTH=off.',
    example: '11',
    fallback: null,
    parse: descriptors,
  }),
  graphqlHosts: variable({
    name: 'M2M_GRAPHQL_HOSTS',
    description:
      'Names in the `Host` header that GraphQL answers to, separated by commas, without ports. Any other is refused, so that no foreign web page can reach the gateway under a name of its own.',
    example: '127.0.0.1,localhost,::1',
    fallback: '127.0.0.1,localhost,::1',
    parse: names
      .transform((list) => list.map((name) => name.toLowerCase()))
      .refine((list) => list.length > 0 && list.every(isHost), 'must be host names or addresses without ports, separated by commas'),
  }),
  graphqlOrigins: variable({
    name: 'M2M_GRAPHQL_ORIGINS',
    description:
      'Origins of web pages that may ask (CORS and WebSocket), separated by commas. Without any, only pages of the gateway itself (GraphiQL) and clients that are no browser.',
    example: 'https://app.example.com,https://ops.example.com',
    fallback: null,
    parse: names
      .transform((list) => list.map((origin) => origin.toLowerCase()))
      .refine(
        (list) => list.length > 0 && list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
        'must be origins (scheme, host and port, nothing behind it), separated by commas',
      ),
  }),
  trustedDocuments: variable({
    name: 'M2M_TRUSTED_DOCUMENTS',
    description:
      '`off`: any document. `prefer`: also by the id of a trusted document; limits of form are not for those. `require`: trusted documents only.',
    example: 'require',
    fallback: 'off',
    parse: z.enum(['off', 'prefer', 'require'], 'must be off, prefer or require'),
  }),
  trustedDocumentsFiles: variable({
    name: 'M2M_TRUSTED_DOCUMENTS_FILES',
    description:
      'Files of trusted documents, separated by commas: JSON from SHA-256 to document, as codegen writes persisted-documents.json.',
    example: './documents/gql/persisted-documents.json',
    fallback: null,
    parse: names.refine((list) => list.length > 0, 'must name at least one file'),
  }),
  maxCost: variable({
    name: 'M2M_GRAPHQL_MAX_COST',
    description:
      'Objects that one operation may ask for at most, counted before it runs: page sizes multiply, and every item of a list in the input counts.',
    example: '50000',
    fallback: '50000',
    parse: whole('objects', 100, 10_000_000),
  }),
  operationsPerMinute: variable({
    name: 'M2M_CALLER_OPERATIONS_PER_MINUTE',
    description: 'Operations of one caller in a minute at most.',
    example: '12000',
    fallback: '12000',
    parse: whole('operations', 1, 10_000_000),
  }),
  mutationsPerMinute: variable({
    name: 'M2M_CALLER_MUTATIONS_PER_MINUTE',
    description: 'Mutation fields of one caller in a minute at most. The carrier itself takes 100 activate requests a minute.',
    example: '600',
    fallback: '600',
    parse: whole('mutations', 1, 10_000_000),
  }),
  maxQueuedPerCaller: variable({
    name: 'M2M_CALLER_MAX_QUEUED_REQUESTS',
    description: 'Of M2M_MAX_QUEUED_REQUESTS, what one caller may have waiting at most: what is left is for the others.',
    example: '500',
    fallback: '500',
    parse: whole('requests', 1, 1_000_000),
  }),
  socketsPerCaller: variable({
    name: 'M2M_CALLER_SOCKETS',
    description: 'WebSockets of one caller at most. Each may have 100 subscriptions.',
    example: '50',
    fallback: '50',
    parse: whole('sockets', 1, 1_000_000),
  }),
  graphiql: variable({
    name: 'M2M_GRAPHIQL',
    description: '`on`: GraphiQL, the API explorer, at /graphql for a browser.',
    example: 'off',
    fallback: 'off',
    parse: flag,
  }),
  submitWaitMs: variable({
    name: 'M2M_SUBMIT_WAIT_MS',
    description: 'How long a mutation waits for the carrier’s answer before it returns the request as it stands, in milliseconds.',
    example: '10000',
    fallback: '10000',
    parse: whole('milliseconds', 0, 120_000),
  }),
  maxQueued: variable({
    name: 'M2M_MAX_QUEUED_REQUESTS',
    description: 'Requests waiting to be sent at most; mutations beyond are answered RateLimited.',
    example: '1000',
    fallback: '1000',
    parse: whole('requests', 1, 1_000_000),
  }),
  maxBodyBytes: variable({
    name: 'M2M_GRAPHQL_MAX_BODY_BYTES',
    description: 'Largest GraphQL request body, in bytes. A mutation of 10,000 devices takes about 2 MB.',
    example: '8388608',
    fallback: '8388608',
    parse: whole('bytes', 1024, 268_435_456),
  }),
  adminHost: variable({
    name: 'M2M_ADMIN_HOST',
    description: 'Address of the admin listener (health, metrics, commands). It has no authentication: keep it private.',
    example: '127.0.0.1',
    fallback: '127.0.0.1',
    parse: host,
  }),
  adminPort: variable({
    name: 'M2M_ADMIN_PORT',
    description: 'Port of the admin listener.',
    example: '9090',
    fallback: '9090',
    parse: port,
  }),
  storePath: variable({
    name: 'M2M_STORE_PATH',
    description: 'File of the embedded store. One gateway at a time; on a local disk.',
    example: './data/gateway.sqlite',
    fallback: './data/gateway.sqlite',
    parse: text,
  }),
  storeKeys: variable({
    name: 'M2M_STORE_KEYS',
    description:
      'Keys that what callbacks and mutations hold (names, addresses, activation codes, device credentials) is encrypted with in the store, each 32 bytes as base64, separated by commas: the first for what is written, the others to read what is older.',
    example: 'ZXhhbXBsZS1vZi1hLWtleS1tYWtlLXlvdXItb3duISE=',
    fallback: null,
    secret: true,
    parse: storeKeys,
  }),
  storeKeysFile: variable({
    name: 'M2M_STORE_KEYS_FILE',
    description: 'File with these keys instead, one a line, the first for what is written.',
    example: '/run/secrets/m2m-store-keys',
    fallback: null,
    // A key may stand there by mistake.
    secret: true,
    isFile: true,
    parse: text.refine((value) => !value.split(',').some(isStoreKey), 'must be the name of a file, not a key'),
  }),
  storePlaintext: variable({
    name: 'M2M_STORE_PLAINTEXT',
    description:
      '`on`: run without M2M_STORE_KEYS. Names, addresses, activation codes and device credentials then lie readable in the store and in every backup of it.',
    example: 'off',
    fallback: 'off',
    parse: flag,
  }),
  retentionDays: variable({
    name: 'M2M_RETENTION_DAYS',
    description:
      'How long a request is kept once it is complete, and a message that no request has, in days; then it is purged. Open requests are kept.',
    example: '30',
    fallback: '30',
    parse: whole('days', 1, 3_650),
  }),
  adoptAfterMs: variable({
    name: 'M2M_ADOPT_AFTER_MS',
    description: 'How long a callback that no request has stays unclaimed before it becomes a request of origin EXTERNAL, in milliseconds.',
    example: '120000',
    fallback: '120000',
    parse: whole('milliseconds', 1_000, 86_400_000),
  }),
  overdueAfterMs: variable({
    name: 'M2M_OVERDUE_AFTER_MS',
    description:
      'A device that has not reported for so long since its request left is OVERDUE, and the carrier is asked about it; in milliseconds. The carrier reports most within minutes.',
    example: '1500000',
    fallback: '1500000',
    parse: whole('milliseconds', 100, 86_400_000),
  }),
  expireAfterMs: variable({
    name: 'M2M_EXPIRE_AFTER_MS',
    description:
      'After so long nothing more is awaited: devices that have not reported are EXPIRED, and a request that could not be sent is cancelled; in milliseconds. The carrier documents up to 12 hours.',
    example: '43200000',
    fallback: '43200000',
    parse: whole('milliseconds', 200, 604_800_000),
  }),
  reconcileCallsPerMinute: variable({
    name: 'M2M_RECONCILE_CALLS_PER_MINUTE',
    description: 'Questions to the carrier about devices that have not reported, in any 60 seconds at most.',
    example: '60',
    fallback: '60',
    parse: whole('calls', 1, 100_000),
  }),
  overloadCallbacks: variable({
    name: 'M2M_OVERLOAD_CALLBACKS',
    description:
      'Callbacks waiting for their commit at which GraphQL operations are refused (OVERLOADED, HTTP 503 with Retry-After), so that callbacks are not. Some hundred are normal under full load.',
    example: '500',
    fallback: '500',
    parse: whole('callbacks', 1, 1_000_000),
  }),
  logLevel: variable({
    name: 'M2M_LOG_LEVEL',
    description: 'Least level that is logged: debug, info, warn, error or silent.',
    example: 'info',
    fallback: 'info',
    parse: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'must be debug, info, warn, error or silent'),
  }),
} as const;

export type VariableKey = keyof typeof VARIABLES;
