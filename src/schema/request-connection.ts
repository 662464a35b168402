import type { Page, StoredRequest } from '../datasources/request-log/stored-request.ts';
import { MOST_COUNTED, type RequestCount } from '../resolvers/requests/list-requests.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { Request } from './request.ts';

interface RequestPage extends Page<StoredRequest> {
  /** How many there are on all pages, asked for once. */
  readonly count: () => Promise<RequestCount>;
  readonly changesCursor: string | null;
}

export const RequestConnection = connectionOf<StoredRequest, RequestPage>('Request', 'request', Request, ({ id }) => ['requests', id]);

builder.objectFields(RequestConnection, (t) => ({
  totalCount: t.int({
    nullable: true,
    description: `How many requests there are on all pages. Counting ends at ${MOST_COUNTED.toLocaleString('en-US')}: see \`totalCountIsAtLeast\`. It takes as long as reading them, so ask for it once and not on every page. Null when they could not be counted.`,
    resolve: async ({ count }) => (await count()).count,
  }),
  totalCountIsAtLeast: t.boolean({
    nullable: true,
    description: 'True when there are more than `totalCount`, which were not counted.',
    resolve: async ({ count }) => (await count()).isAtLeast,
  }),
  changesCursor: t.expose('changesCursor', {
    type: 'Cursor',
    nullable: true,
    description:
      'Pass it as `after` of `requestsChanged`: whatever changes after this page was read is then told. Take that of the first page. Null without `accountName`, because changes are followed account by account, and in the list of a device.',
  }),
}));

/** A page of requests. They are counted when somebody selects that, and once. */
export function pageOfRequests(
  page: Page<StoredRequest>,
  count: () => Promise<RequestCount>,
  changesCursor: string | null = null,
): RequestPage {
  let counting: Promise<RequestCount> | null = null;
  return { ...page, changesCursor, count: () => (counting ??= count()) };
}
