import { CARRIER_PORTS, VARIABLES, type Variable, type VariableKey } from './config-variables.ts';
import { CALLBACK_PREFIX } from '../datasources/thingspace/wire/callback-service.ts';
import { GatewayError } from '../errors.ts';

type ValueOf<Spec> = Spec extends Variable<infer Value> & { readonly fallback: null }
  ? Value | null
  : Spec extends Variable<infer Value>
    ? Value
    : never;

/** The configuration: every variable of `config-variables.ts`, parsed. */
export type Config = { readonly [Key in VariableKey]: ValueOf<(typeof VARIABLES)[Key]> };

const PREFIX = 'M2M_';
/** User, password or query of a URL, where none is taken; a document where the name of its file belongs. */
const MAY_HOLD_SECRET = /[?@{]/;

/**
 * Environment → configuration, without reading anything else.
 *
 * @throws GatewayError CONFIG_INVALID whose message lists every fault, by variable name, with what is wrong and an example.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const values: Partial<Record<VariableKey, unknown>> = {};
  for (const [key, spec] of Object.entries(VARIABLES) as [VariableKey, Variable<unknown>][]) {
    const written = env[spec.name] === '' ? undefined : env[spec.name];
    const given = written ?? spec.fallback;
    if (given === undefined) {
      faults.push(`${spec.name} is not set. ${spec.description} Example: ${spec.name}=${spec.example}`);
      continue;
    }
    if (given === null) {
      values[key] = null;
      continue;
    }
    const parsed = spec.parse.safeParse(given);
    if (spec.secret && !spec.isFile && given === spec.example)
      faults.push(`${spec.name} is the example of the documentation, which everybody can read. ${spec.description}`);
    else if (parsed.success) values[key] = parsed.data;
    else
      faults.push(
        `${spec.name}${spec.secret || MAY_HOLD_SECRET.test(given) ? '' : `=${given}`} ${parsed.error.issues[0]?.message ?? 'is not usable'}. Example: ${spec.name}=${spec.example}`,
      );
  }
  faults.push(...unknownVariables(env), ...crossFaults(values as Partial<Config>));
  if (faults.length > 0)
    throw new GatewayError(
      'CONFIG_INVALID',
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  return Object.freeze(values) as Config;
}

function crossFaults(config: Partial<Config>): string[] {
  const faults: string[] = [];
  const { callbackPublicUrl, callbackRegister, callbackUsername, callbackPassword } = config;
  if (callbackRegister && !callbackPublicUrl && (config.callbackFd || !isLoopback(config.callbackHost ?? '')))
    faults.push(
      'M2M_CALLBACK_REGISTER=on needs M2M_CALLBACK_PUBLIC_URL: the carrier must be told where to deliver. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001',
    );
  const { overdueAfterMs = 0, expireAfterMs = Infinity } = config;
  if (overdueAfterMs >= expireAfterMs)
    faults.push(
      `M2M_OVERDUE_AFTER_MS=${overdueAfterMs} must be below M2M_EXPIRE_AFTER_MS=${expireAfterMs}: a device is first overdue, then expired. Example: M2M_OVERDUE_AFTER_MS=1500000`,
    );
  const { maxQueued = Infinity, maxQueuedPerCaller = 0 } = config;
  if (maxQueuedPerCaller > maxQueued)
    faults.push(
      `M2M_CALLER_MAX_QUEUED_REQUESTS=${maxQueuedPerCaller} is above M2M_MAX_QUEUED_REQUESTS=${maxQueued}: one caller could take every place. Example: M2M_CALLER_MAX_QUEUED_REQUESTS=${Math.ceil(maxQueued / 2)}`,
    );
  if ((callbackUsername === null) !== (callbackPassword === null))
    faults.push('M2M_CALLBACK_USERNAME and M2M_CALLBACK_PASSWORD go together: set both or neither.');
  if (callbackPublicUrl && !isLoopback(new URL(callbackPublicUrl).hostname) && !deliverable(callbackPublicUrl)) {
    faults.push(
      `M2M_CALLBACK_PUBLIC_URL=${callbackPublicUrl} has a port the carrier does not deliver to. Use 80, 443, 9001–9006, 50551–50559 or 28200–28220. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001`,
    );
  }
  if ((config.callbackPreviousUsername === null) !== (config.callbackPreviousPassword === null))
    faults.push('M2M_CALLBACK_PREVIOUS_USERNAME and M2M_CALLBACK_PREVIOUS_PASSWORD go together: set both or neither.');
  faults.push(...forwardFaults(config), ...identityFaults(config), ...storeKeyFaults(config));
  return faults;
}

function identityFaults(config: Partial<Config>): string[] {
  const { auth, graphqlHost = '', graphqlFd, jwtIssuer, jwtAudience, jwksUrl, jwksFile, trustedDocuments, trustedDocumentsFiles } = config;
  const faults: string[] = [];
  if (auth === false && !isLoopback(graphqlHost))
    faults.push(
      `M2M_AUTH=off is for this machine only, and M2M_GRAPHQL_HOST=${graphqlHost} is not loopback: anyone who reaches it could activate lines. Set M2M_AUTH=on, or M2M_GRAPHQL_HOST=127.0.0.1.`,
    );
  if (auth === false && graphqlFd)
    faults.push(
      'M2M_AUTH=off is for this machine only, and where the socket of M2M_GRAPHQL_FD listens is not for the gateway to say. Set M2M_AUTH=on, or leave M2M_GRAPHQL_FD out.',
    );
  if (jwksUrl?.startsWith('http:') && !isLoopback(new URL(jwksUrl).hostname))
    faults.push(
      `M2M_JWT_JWKS_URL=${jwksUrl} must be https: whoever is on the way could put keys of their own there. Example: M2M_JWT_JWKS_URL=https://login.example.com/.well-known/jwks.json`,
    );
  if (jwksUrl && jwksFile) faults.push('M2M_JWT_JWKS_URL and M2M_JWT_JWKS_FILE are both set: give one of them.');
  if ([jwtIssuer, jwtAudience, jwksUrl ?? jwksFile].some(Boolean) && !(jwtIssuer && jwtAudience && (jwksUrl ?? jwksFile)))
    faults.push(
      'M2M_JWT_ISSUER, M2M_JWT_AUDIENCE and one of M2M_JWT_JWKS_URL and M2M_JWT_JWKS_FILE go together: set all three, or none to take API keys only.',
    );
  if (trustedDocuments !== undefined && trustedDocuments !== 'off' && !trustedDocumentsFiles)
    faults.push(
      `M2M_TRUSTED_DOCUMENTS=${trustedDocuments} needs M2M_TRUSTED_DOCUMENTS_FILES. Example: M2M_TRUSTED_DOCUMENTS_FILES=./documents/gql/persisted-documents.json`,
    );
  return faults;
}

function storeKeyFaults({ storeKeys, storeKeysFile, storePlaintext }: Partial<Config>): string[] {
  if (storeKeys && storeKeysFile) return ['M2M_STORE_KEYS and M2M_STORE_KEYS_FILE are both set: give one of them.'];
  if (storeKeys === null && storeKeysFile === null && storePlaintext === false)
    return [
      'M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) is not set: what callbacks and mutations hold (names, addresses, activation codes, device credentials) is encrypted in the store. Make a key with `openssl rand -base64 32` and keep it apart from the store and its backups. To run without, and have all of it readable in the file: M2M_STORE_PLAINTEXT=on',
    ];
  return [];
}

/** Entries are named by their place: their URLs may hold a secret. */
function forwardFaults(config: Partial<Config>): string[] {
  const { callbackForward, callbackForwardUsername: username, callbackForwardPassword: password, accounts } = config;
  const faults: string[] = [];
  for (const [at, { account, url }] of (callbackForward ?? []).entries()) {
    const entry = `M2M_CALLBACK_FORWARD: entry ${at + 1}`;
    if (account !== null && accounts && !accounts.includes(account))
      faults.push(`${entry} is for account ${account}, which M2M_THINGSPACE_ACCOUNTS does not name.`);
    if (isOwnCallback(config, new URL(url)))
      faults.push(
        `${entry} is a callback URL of this gateway: messages would go in a circle. Give the URL the other tool was registered with.`,
      );
  }
  if ((username === null) !== (password === null))
    faults.push('M2M_CALLBACK_FORWARD_USERNAME and M2M_CALLBACK_FORWARD_PASSWORD go together: set both or neither.');
  if (callbackForward === null && username)
    faults.push('M2M_CALLBACK_FORWARD_USERNAME is without effect: nothing is forwarded unless M2M_CALLBACK_FORWARD is set.');
  return faults;
}

function isOwnCallback({ callbackPublicUrl, callbackHost = '', callbackPort = 0 }: Partial<Config>, url: URL): boolean {
  const own = callbackPublicUrl ? new URL(callbackPublicUrl) : null;
  if (own?.origin === url.origin && url.pathname.startsWith(`${own.pathname.replace(/\/$/, '')}${CALLBACK_PREFIX}`)) return true;
  const ourHost = isLoopback(url.hostname) || url.hostname === callbackHost || url.hostname === own?.hostname;
  return ourHost && portOf(url) === callbackPort && url.pathname.startsWith(CALLBACK_PREFIX);
}

export function isLoopback(host: string): boolean {
  return ['127.0.0.1', 'localhost', '::1', '[::1]'].includes(host);
}

function deliverable(url: string): boolean {
  const number = portOf(new URL(url));
  return CARRIER_PORTS.some(([from, to]) => number >= from && number <= to);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** A misspelt variable would be silently without effect. */
function unknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const names = Object.values(VARIABLES).map(({ name }): string => name);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !names.includes(name))
    .map((name) => {
      const nearest = names.toSorted((left, right) => distance(name, left) - distance(name, right))[0];
      return `${name} is not a variable of the gateway. Did you mean ${nearest}?`;
    });
}

/** Edit distance (Levenshtein). */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (const [at, letter] of left.split('').entries()) {
    const next = [at + 1];
    for (const [column, other] of right.split('').entries()) {
      next.push(Math.min((row[column] ?? 0) + (letter === other ? 0 : 1), (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
