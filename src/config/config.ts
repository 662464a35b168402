import { CARRIER_PORTS, fileVariableOf, VARIABLES, type Variable, type VariableKey } from './config-variables.ts';
import { CALLBACK_PREFIX } from '../datasources/thingspace/wire/callback-service.ts';
import { GatewayError } from '../errors.ts';
import { manglingOf } from './mangled-value.ts';
import { readSecretFile } from './read-secret-file.ts';

type ValueOf<Spec> = Spec extends Variable<infer Value> & { readonly fallback: null }
  ? Value | null
  : Spec extends Variable<infer Value>
    ? Value
    : never;

export type Config = { readonly [Key in VariableKey]: ValueOf<(typeof VARIABLES)[Key]> };

/** A URL that is refused may hold a user, a password or a query. The name of a file may turn out to be a whole document. */
const MAY_HOLD_SECRET = /[?@{]/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Turns the environment into the configuration. Beside it, it reads the files that hold secrets (`…_FILE`).
 *
 * @param known faults that were found before, which are told with the others.
 * @throws GatewayError CONFIG_INVALID. Its message lists every fault: the name of the variable, what is wrong, and an example.
 */
export function readConfig(env: Environment, known: readonly string[] = []): Config {
  const faults = [...known];
  const values: Partial<Record<VariableKey, unknown>> = {};
  for (const [key, spec] of Object.entries(VARIABLES) as [VariableKey, Variable<unknown>][]) {
    const read = readValue(env, spec);
    if ('value' in read) values[key] = read.value;
    else faults.push(read.fault);
  }
  faults.push(...unknownVariables(env), ...crossFaults(values as Partial<Config>));
  if (faults.length > 0) throw configError(faults);
  return Object.freeze(values) as Config;
}

export function configError(faults: readonly string[]): GatewayError {
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new GatewayError('CONFIG_INVALID', `The configuration has ${count}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
}

function readValue(env: Environment, spec: Variable<unknown>): { readonly value: unknown } | { readonly fault: string } {
  const { name, description, example, secret, fallback, parse } = spec;
  const fileName = fileVariableOf(spec);
  const path = fileName === null ? undefined : env[fileName];
  if (fileName !== null && path && env[name]) return { fault: `${name} and ${fileName} are both set: give one of them.` };
  const inFile = path ? readSecretFile(path) : null;
  if (inFile && 'fault' in inFile) return { fault: `${fileName} ${inFile.fault} ${description}` };
  const written = inFile?.value ?? (env[name] || fallback);
  if (written === undefined) return { fault: `${name} is not set. ${description} Example: ${name}=${example}` };
  if (written === null) return { value: null };
  const shown = inFile ? `The file of ${fileName}` : secret || MAY_HOLD_SECRET.test(written) ? name : `${name}=${written}`;
  if (secret && !spec.isFile && written === example)
    return { fault: `${inFile ? shown : name} is the example of the documentation, which everybody can read. ${description}` };
  const mangling = manglingOf(written, { isFile: inFile !== null });
  const mangled = mangling === null ? null : { fault: `${inFile ? shown : name} ${mangling}` };
  if (secret && mangled) return mangled;
  const { success, data, error } = parse.safeParse(written);
  if (!success) return { fault: `${shown} ${error.issues[0]?.message ?? 'is not usable'}. Example: ${name}=${example}` };
  return mangled ?? { value: data };
}

/** Faults between variables. A variable with a fault of its own is undefined here. */
function crossFaults(config: Partial<Config>): string[] {
  const faults = [...forwardFaults(config), ...identityFaults(config), ...storeKeyFaults(config)];
  const { callbackPublicUrl, callbackRegister } = config;
  if (callbackRegister && !callbackPublicUrl && (config.callbackFd || !isLoopback(config.callbackHost ?? '')))
    faults.push(
      'M2M_CALLBACK_REGISTER=on needs M2M_CALLBACK_PUBLIC_URL: the carrier must know where to deliver. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001',
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
  if (callbackPublicUrl && !isLoopback(new URL(callbackPublicUrl).hostname) && !isDeliverable(callbackPublicUrl))
    faults.push(
      `M2M_CALLBACK_PUBLIC_URL=${callbackPublicUrl} has a port that the carrier does not deliver to. Use 80, 443, 9001–9006, 50551–50559 or 28200–28220. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001`,
    );
  for (const kind of ['callback', 'callbackPrevious', 'callbackForward'] as const) {
    const [username, password] = [`${kind}Username`, `${kind}Password`] as const;
    if ((config[username] === null) !== (config[password] === null))
      faults.push(`${VARIABLES[username].name} and ${VARIABLES[password].name} go together: set both or neither.`);
  }
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
      'M2M_AUTH=off is for this machine only, and the gateway does not know where the socket of M2M_GRAPHQL_FD listens. Set M2M_AUTH=on, or leave M2M_GRAPHQL_FD out.',
    );
  if (jwksUrl?.startsWith('http:') && !isLoopback(new URL(jwksUrl).hostname))
    faults.push(
      `M2M_JWT_JWKS_URL=${jwksUrl} must be https: over http, anybody on the way could put their own keys there. Example: M2M_JWT_JWKS_URL=https://login.example.com/.well-known/jwks.json`,
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
      'M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) is not set. It encrypts names, addresses, activation codes and device credentials in the store. Make a key with `openssl rand -base64 32`, and keep it apart from the store and its backups. To run without a key, so that all of it is readable in the file, set M2M_STORE_PLAINTEXT=on.',
    ];
  return [];
}

/** A fault names an entry by its number, because its URL may hold a secret. */
function forwardFaults(config: Partial<Config>): string[] {
  const { callbackForward, callbackForwardUsername, accounts } = config;
  const faults: string[] = [];
  for (const [at, { account, url }] of (callbackForward ?? []).entries()) {
    const entry = `M2M_CALLBACK_FORWARD: entry ${at + 1}`;
    if (account !== null && accounts && !accounts.includes(account))
      faults.push(`${entry} is for account ${account}, which M2M_THINGSPACE_ACCOUNTS does not name.`);
    if (isOwnCallback(config, new URL(url)))
      faults.push(
        `${entry} is a callback URL of this gateway, so messages would go in a circle. Give the URL that the other tool was registered with.`,
      );
  }
  if (callbackForward === null && callbackForwardUsername)
    faults.push('M2M_CALLBACK_FORWARD_USERNAME has no effect: nothing is forwarded unless M2M_CALLBACK_FORWARD is set.');
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

function isDeliverable(url: string): boolean {
  const port = portOf(new URL(url));
  return CARRIER_PORTS.some(([from, to]) => port >= from && port <= to);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Without this a misspelt variable would have no effect, and nobody would know. */
function unknownVariables(env: Environment): string[] {
  const names = Object.values(VARIABLES)
    .flatMap((spec) => [spec.name, fileVariableOf(spec)])
    .filter((name) => name !== null);
  return Object.keys(env)
    .filter((name) => name.startsWith('M2M_') && !names.includes(name))
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
