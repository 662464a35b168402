import { parseArgs } from 'node:util';
import { GRANTS, SCOPES, type Grant, type Rights, type Scope } from '../../src/resolvers/access/caller.ts';
import type { NewKey } from '../../src/resolvers/access/key-ring.ts';

export type KeyCommand =
  | { readonly name: 'list' }
  | { readonly name: 'create'; readonly wanted: NewKey }
  | { readonly name: 'revoke'; readonly id: string }
  | { readonly name: 'change'; readonly id: string; readonly rights: Partial<Rights> };

const DAY_MS = 86_400_000;

/** Reads a command line. Throws an Error that names what is wrong with it. */
export function readKeyCommand(args: readonly string[], now: number): KeyCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      account: { type: 'string', multiple: true },
      grant: { type: 'string', multiple: true },
      expires: { type: 'string' },
      like: { type: 'string' },
    },
  });
  const [name, ...rest] = positionals;
  const { account: accounts, grant: grants, expires, like } = values;
  const refuseFlags = (...flags: readonly (keyof typeof values)[]) => {
    const given = flags.find((flag) => values[flag] !== undefined);
    if (given) throw new Error(`${name} does not take --${given}${given === 'like' || like === undefined ? '' : ' beside --like'}.`);
  };
  switch (name) {
    case 'list':
      refuseFlags('account', 'grant', 'expires', 'like');
      takeArgument(0, rest, '');
      return { name };
    case 'create': {
      const expiresAt = now + readDays(expires ?? '90d') * DAY_MS;
      if (like !== undefined) {
        refuseFlags('account', 'grant');
        takeArgument(0, rest, '');
        return { name, wanted: { like: readKeyId(like), expiresAt } };
      }
      const key = takeArgument(1, rest, 'a NAME, or --like ID');
      if (!accounts) throw new Error('create needs at least one --account, or --like ID.');
      return { name, wanted: { name: key, scopes: readScopes(accounts), grants: readGrants(grants ?? []), expiresAt } };
    }
    case 'revoke':
      refuseFlags('account', 'grant', 'expires', 'like');
      return { name, id: readKeyId(takeArgument(1, rest, 'the ID of a key')) };
    case 'change': {
      refuseFlags('expires', 'like');
      const id = readKeyId(takeArgument(1, rest, 'the ID of a key'));
      if (!accounts && !grants) throw new Error('change needs --account or --grant.');
      return { name, id, rights: { ...(accounts && { scopes: readScopes(accounts) }), ...(grants && { grants: readGrants(grants) }) } };
    }
    default:
      throw new Error(name === undefined ? 'Which command?' : 'Not a command. Commands: create, list, revoke, change.');
  }
}

/** Takes the one argument, or none. Messages do not repeat an argument, because it may be a whole key. */
function takeArgument(count: 0 | 1, given: readonly string[], what: string): string {
  const [only = ''] = given;
  if (given.length !== count || (count === 1 && only === '')) throw new Error(count === 1 ? `It takes ${what}.` : 'Too many arguments.');
  return only;
}

/** A caller may give the whole key in place of its id. */
function readKeyId(text: string): string {
  return /^m2m_([^_]+)_/.exec(text)?.[1] ?? text;
}

function readDays(text: string): number {
  const number = Number(/^(\d{1,4})d$/.exec(text)?.[1] ?? 0);
  if (number < 1 || number > 3_650) throw new Error('--expires takes days from 1d to 3650d.');
  return number;
}

function readScopes(texts: readonly string[]): Record<string, Scope[]> {
  const scopes: Record<string, Scope[]> = {};
  for (const text of texts) {
    const [, account = '', list = ''] = /^([A-Za-z0-9-]{1,64}|\*):([a-z,]+)$/.exec(text) ?? [];
    const names = list.split(',').filter((name) => name !== '');
    const known = SCOPES.filter((scope) => names.includes(scope));
    if (known.length === 0 || names.some((name) => !SCOPES.some((scope) => scope === name)))
      throw new Error(`--account takes ACCOUNT:${SCOPES.join(',')} or '*:${SCOPES.join(',')}', with the scopes it shall have.`);
    scopes[account] = [...new Set([...(scopes[account] ?? []), ...known])];
  }
  return scopes;
}

/** `none` alone takes all grants from a key. */
function readGrants(texts: readonly string[]): Grant[] {
  if (texts.length === 1 && texts[0] === 'none') return [];
  const grants = GRANTS.filter((grant) => texts.includes(grant));
  if (texts.some((text) => !GRANTS.some((grant) => grant === text))) throw new Error(`--grant takes ${GRANTS.join(', ')}, or none alone.`);
  return grants;
}
