import type { WireDevice } from './operations.ts';

/** What an eSIM profile operation takes beside its account and devices. */
export interface ProfileSettings {
  readonly servicePlan?: string | undefined;
  readonly mdnZipCode?: string | undefined;
}

/** The body of `POST /devices/profile/actions/…`, in the order of the pages' examples. */
export function profileBody(accountName: string, devices: readonly WireDevice[] | null, settings: ProfileSettings): unknown {
  return {
    devices: (devices ?? []).map(({ deviceIds }) => ({
      deviceIds: deviceIds.map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })),
    })),
    accountName,
    servicePlan: settings.servicePlan,
    mdnZipCode: settings.mdnZipCode,
  };
}
