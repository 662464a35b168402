import { CARRIER_PORTS, VARIABLES, type Variable, type VariableKey } from './config-variables.ts';
import { GatewayError } from './errors.ts';

type ValueOf<Spec> = Spec extends Variable<infer Value> & { readonly fallback: null }
  ? Value | null
  : Spec extends Variable<infer Value>
    ? Value
    : never;

/** The configuration: every variable of `config-variables.ts`, parsed. */
export type Config = { readonly [Key in VariableKey]: ValueOf<(typeof VARIABLES)[Key]> };

const PREFIX = 'M2M_';

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
    if (parsed.success) values[key] = parsed.data;
    else
      faults.push(
        `${spec.name}${spec.secret ? '' : `=${given}`} ${parsed.error.issues[0]?.message ?? 'is not usable'}. Example: ${spec.name}=${spec.example}`,
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
  if (callbackRegister && !callbackPublicUrl && !isLoopback(config.callbackHost ?? ''))
    faults.push(
      'M2M_CALLBACK_REGISTER=on needs M2M_CALLBACK_PUBLIC_URL: the carrier must be told where to deliver. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001',
    );
  if ((callbackUsername === null) !== (callbackPassword === null))
    faults.push('M2M_CALLBACK_USERNAME and M2M_CALLBACK_PASSWORD go together: set both or neither.');
  if (callbackPublicUrl && !isLoopback(new URL(callbackPublicUrl).hostname) && !deliverable(callbackPublicUrl)) {
    faults.push(
      `M2M_CALLBACK_PUBLIC_URL=${callbackPublicUrl} has a port the carrier does not deliver to. Use 80, 443, 9001–9006, 50551–50559 or 28200–28220. Example: M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:9001`,
    );
  }
  return faults;
}

export function isLoopback(host: string): boolean {
  return ['127.0.0.1', 'localhost', '::1', '[::1]'].includes(host);
}

function deliverable(url: string): boolean {
  const { port, protocol } = new URL(url);
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return CARRIER_PORTS.some(([from, to]) => number >= from && number <= to);
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
