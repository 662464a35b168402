import type { Stack } from '../../support/stack.ts';

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly caller: string;
  readonly action: string;
  readonly accountName: string | null;
  readonly deviceCount: number | null;
  readonly subject: string | null;
  readonly outcome: string;
  readonly code: string | null;
}

export interface AuditArguments {
  readonly accountName?: string;
  readonly caller?: string;
  readonly first?: number;
  readonly after?: string;
}

const QUERY = `query ($accountName: String, $caller: String, $first: Int, $after: Cursor) {
  auditLog(accountName: $accountName, caller: $caller, first: $first, after: $after) {
    nodes { id at caller action accountName deviceCount subject outcome code } pageInfo { hasNextPage endCursor } } }`;

interface Page {
  readonly auditLog: {
    readonly nodes: readonly AuditEntry[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** A page of the audit log as this admin sees it, newest first. */
export async function auditPage(stack: Pick<Stack, 'query'>, authorization: string, given: AuditArguments = {}): Promise<Page['auditLog']> {
  const { data, errors } = await stack.query<Page>(QUERY, { ...given }, authorization);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.auditLog;
}

/** What it tells of a caller, oldest first, without number and time, and with the code only where there is one. */
export async function auditOf(stack: Pick<Stack, 'query'>, authorization: string, caller: string) {
  const { nodes } = await auditPage(stack, authorization, { caller, first: 1000 });
  return nodes.toReversed().map(({ id: _id, at: _at, caller: _caller, code, ...told }) => ({ ...told, ...(code !== null && { code }) }));
}
