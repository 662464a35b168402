import type { KeyView } from '../../src/resolvers/access/key-ring.ts';
import { renderTable } from '../support/command-line.ts';

/** Keys as a table, without their secrets. */
export function renderKeys(keys: readonly KeyView[]): string {
  if (keys.length === 0) return 'No keys. Make one: npm run keys -- create NAME --account ACCOUNT:read,write\n';
  return renderTable(
    ['ID', 'NAME', 'STATE', 'ACCOUNTS', 'GRANTS', 'CREATED', 'EXPIRES'],
    keys.map(({ id, name, state, scopes, grants, createdAt, expiresAt }) => [
      id,
      name,
      state,
      Object.entries(scopes)
        .map(([account, given]) => `${account}:${given.join(',')}`)
        .join(' '),
      grants.join(',') || '-',
      formatDay(createdAt),
      formatDay(expiresAt),
    ]),
  );
}

function formatDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
