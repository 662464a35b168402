import type { Device, DeviceProfile } from '../devices/device.ts';
import type { Carrier, OperationExample } from '../actions/define-operation.ts';
import { defineProfileOperation } from '../actions/profile-operation.ts';
import { enable, isDownloaded, profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';

const example: OperationExample = {
  about: [
    'Downloads a Global profile to its device, where it is',
    'disabled. With enable: true it is enabled in the same',
    'step, and the US profile of the device is disabled.',
    '',
    'Run it again: the profile fails, because it is on the',
    'device already. An unknown ICCID counts as a profile',
    'that is not; one that ends in 5406 warns first.',
  ],
  input: {
    enable: false,
    devices: [
      {
        deviceIds: [
          { kind: 'EID', value: '89049032429850701901097467321752' },
          { kind: 'ICCID', value: '89148000000000000103' },
        ],
      },
    ],
  },
};

/** Inferred: which kinds name the profile, that a lead profile is refused, and that a second download is. */
const common = {
  body: profileBody,
  kinds: [['eid', 'iccid']],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'NOT_DOWNLOADED', role: 'LOCAL' } },
  refuse(profile: DeviceProfile) {
    if (profile.role === 'LEAD') return profileFaults.isLead;
    if (profile.state !== 'ACTIVE') return profileFaults.notActive;
    return isDownloaded(profile) ? profileFaults.alreadyDownloaded : undefined;
  },
  example,
} as const;

/** Page "Download profile": an active Global profile comes to its device, and is disabled there. */
export const downloadProfile = defineProfileOperation({
  ...common,
  endpoint: 'profileDownload',
  action: 'download',
  apply(_device: Device, profile: DeviceProfile) {
    profile.status = 'DOWNLOAD_DISABLE';
  },
});

/** Page "Download and enable profile": the same, and the profile becomes the enabled one. */
export const downloadAndEnableProfile = defineProfileOperation({
  ...common,
  endpoint: 'profileDownloadEnable',
  action: 'download_enable',
  apply: (device: Device, profile: DeviceProfile, { inventory }: Carrier) => enable(device, profile, 'DOWNLOAD_ENABLE', inventory),
});
