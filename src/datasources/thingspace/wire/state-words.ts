/**
 * The carrier's words for one state, each with the reason why it means that. Letter case, blanks, `_` and `-` do not count. All
 * other words mean another state: `pre-active` and `pending activation` are not active, `DOWNLOAD_DISABLE` does not work.
 */
const WORDS = {
  ACTIVE: [
    ['active', 'the device list writes it'],
    ['activate', 'callbacks write it for the same state'],
    ['activated', 'the participle of the same'],
  ],
  SUSPENDED: [
    ['suspend', 'the device list and the pages write it'],
    ['suspended', 'the participle of the same'],
  ],
  PRE_ACTIVE: [
    ['pre-active', 'the device list and the pages write it'],
    ['preactive', 'requests to add a device write it'],
  ],
  DEACTIVE: [
    ['deactive', 'the device list and the pages write it'],
    ['deactivate', 'callbacks may write it for the same state'],
    ['deactivated', 'the participle of the same'],
  ],
  PROFILE_WORKING: [
    ['ENABLE', 'the profile was enabled again after it had been disabled: full service'],
    ['ENABLED', 'the participle of the same'],
    ['DOWNLOAD_ENABLE', 'the profile was downloaded and enabled in one step: full service'],
    ['DOWNLOAD_ENABLED', 'the participle of the same'],
  ],
  /** The profile is on the device, and does not work: it was never enabled, or not any more. */
  PROFILE_DOWNLOADED: [
    ['DOWNLOAD_DISABLE', 'the profile was downloaded and never enabled'],
    ['DOWNLOAD_DISABLED', 'the participle of the same'],
    ['DISABLE', 'the profile was enabled once and is disabled now, so it is on the device'],
    ['DISABLED', 'the participle of the same'],
  ],
  PROFILE_DELETED: [
    ['DELETE', 'the word of the carrier’s list of profile statuses'],
    ['DELETED', 'the participle of the same'],
  ],
  /** An event of the provisioning history. */
  EVENT_SUCCEEDED: [
    ['Success', 'all samples of the history write it'],
    ['Succeeded', 'the request status may write it'],
    ['Successful', 'the request status may write it'],
  ],
} as const satisfies Record<string, readonly (readonly [word: string, reason: string])[]>;

const MEANINGS = Object.fromEntries(
  Object.entries(WORDS).map(([meaning, rows]) => [meaning, new Set<string>(rows.map(([word]) => plain(word)))]),
);

/** Whether the carrier's word means this state. */
export function means(word: string | null, state: keyof typeof WORDS): boolean {
  return word !== null && MEANINGS[state]?.has(plain(word)) === true;
}

/** The state of a device, by the word of the device list. `PENDING` is each state of a change under way: `pending activation`. */
export type DeviceState = 'PRE_ACTIVE' | 'PENDING' | 'ACTIVE' | 'SUSPENDED' | 'DEACTIVE' | 'OTHER';

export function readDeviceState(word: string | null): DeviceState {
  const known = (['PRE_ACTIVE', 'ACTIVE', 'SUSPENDED', 'DEACTIVE'] as const).find((state) => means(word, state));
  return known ?? (word !== null && plain(word).startsWith('pending') ? 'PENDING' : 'OTHER');
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[\s_-]+/g, '');
}
