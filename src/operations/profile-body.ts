import type { RequestedDevice } from '../datasources/request-log/request-log.ts';

/** The body of `POST /devices/profile/actions/…`, in the order of the pages' examples. */
export function profileBody(
  accountName: string,
  devices: readonly RequestedDevice[] | null,
  { servicePlan, mdnZipCode }: { readonly servicePlan?: string | undefined; readonly mdnZipCode?: string | undefined },
): unknown {
  return {
    devices: (devices ?? []).map(({ deviceIds }) => ({ deviceIds: deviceIds.map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })) })),
    accountName,
    servicePlan,
    mdnZipCode,
  };
}
