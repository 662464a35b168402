import { request } from 'undici';
import type { Grant, Scope } from '../../src/resolvers/access/caller.ts';
import type { Gateway } from '../../src/gateway.ts';

export interface KeyRights {
  readonly scopes: Readonly<Record<string, readonly Scope[]>>;
  readonly grants?: readonly Grant[];
}

export interface TestKey {
  readonly id: string;
  /** The caller it stands for, as `createdBy` and the audit log have it. */
  readonly caller: string;
  readonly text: string;
  /** As it stands in the header. */
  readonly authorization: string;
  revoke(): Promise<void>;
  /** Other rights from now on; what is left out stays. */
  change(rights: Partial<KeyRights>): Promise<void>;
}

let made = 0;

/** Makes an API key over the admin listener of a running gateway, as `npm run keys` does: a caller of its own unless it is named. */
export async function makeKey(
  { urls }: Pick<Gateway, 'urls'>,
  {
    scopes,
    grants = [],
    name = `caller-${++made}`,
    livesMs = 3_600_000,
  }: KeyRights & { readonly name?: string; readonly livesMs?: number },
): Promise<TestKey> {
  const created = await command<{ id: string; key: string }>(urls.admin, 'create', {
    name,
    scopes,
    grants,
    expiresAt: Date.now() + livesMs,
  });
  const { id, key: text } = created;
  return {
    id,
    caller: `key:${name}`,
    text,
    authorization: `Bearer ${text}`,
    revoke: async () => void (await command(urls.admin, 'revoke', { id })),
    change: async (rights) => void (await command(urls.admin, 'change', { id, ...rights })),
  };
}

async function command<Answer>(admin: string, name: 'create' | 'revoke' | 'change', body: object): Promise<Answer> {
  const answer = await request(`${admin}/keys/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${name}: ${answer.statusCode} ${text}`);
  return JSON.parse(text) as Answer;
}
