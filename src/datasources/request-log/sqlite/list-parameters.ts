import type { SQLInputValue } from 'node:sqlite';
import { requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import type { RequestFilter, RequestSearch } from '../request-log.ts';
import { findIndexed } from './index-identifiers.ts';
import type { Statements } from './sqlite-statements.ts';

/** The parameters of `listRequestsSql`. What is not asked for has none. */
export function listParameters(sql: Statements, filter: RequestFilter, after: string | null): Record<string, SQLInputValue> {
  return omitUnset({
    accounts: filter.accounts && JSON.stringify(filter.accounts),
    before: after,
    statuses: filter.statuses && JSON.stringify(filter.statuses),
    operation: filter.operation,
    // Versions before this one stored it as it came.
    references: filter.clientReference && JSON.stringify([filter.clientReference, filter.clientReference.normalize()]),
    keys: filter.deviceKeys && JSON.stringify(findIndexed(sql, filter.deviceKeys)),
    search: filter.search && writeSearch(sql, filter.search),
    since: filter.since,
    until: filter.until,
  });
}

function writeSearch(sql: Statements, { deviceKeys, requestId, carrierRequestId, clientReference }: RequestSearch): string {
  return JSON.stringify({
    keys: findIndexed(sql, deviceKeys),
    carrierIds: requestIdSpellings(carrierRequestId),
    requestId,
    reference: clientReference,
    lastReference: `${clientReference}\u{10ffff}`,
  });
}

function omitUnset(values: Record<string, SQLInputValue | undefined>): Record<string, SQLInputValue> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined || value === null ? [] : [[name, value]])),
  );
}
