import type { z } from 'zod';
import type { FaultResponse } from '../callbacks/fault-response.ts';
import { type SpellKind, spellings } from '../callbacks/spelling.ts';
import type { Device, DeviceProfile } from '../devices/device.ts';
import type { IdentifierKind } from '../devices/identifiers.ts';
import { type Carrier, defineOperation, type Operation, type OperationExample } from './define-operation.ts';
import type { FreshDevice } from './device-finder.ts';
import { profileFaults } from './profile-rules.ts';
import { type profileBody, receiveProfiles, reportByProfileService } from './profile-service.ts';

/** One action on eSIM profiles, written from its page. */
export interface ProfileOperationDefinition<Body extends z.infer<typeof profileBody>> {
  readonly endpoint: string;
  /** The last part of its path. */
  readonly action: string;
  readonly body: z.ZodType<Body>;
  /** The rules of the page that concern no single profile. Throws a Refusal. */
  readonly check?: (body: Body) => void;
  /** The combinations of identifier kinds that name a profile. */
  readonly kinds: readonly (readonly IdentifierKind[])[];
  /** How a profile starts that is new to the carrier. */
  readonly fresh: FreshDevice;
  /** The fault of a profile whose state does not allow it. */
  readonly refuse: (profile: DeviceProfile) => FaultResponse | undefined;
  /** Changes a profile whose state allows it. */
  readonly apply: (device: Device, profile: DeviceProfile, carrier: Carrier, body: Body) => void;
  /** What the message tells beside the state, status and role of the profile. */
  readonly result?: (device: Device, carrier: Carrier) => Readonly<Record<string, string>>;
  /** True for the mixed form of message. */
  readonly isMixed?: boolean;
  readonly example: OperationExample;
}

/** The kinds in a message and their spelling, as in the sample of the page "Resume a Profile". */
export const usualSpelling = {
  kinds: ['eid', 'imei', 'msisdn', 'iccid'],
  documented: spellings.capitalButNumbers,
  field: spellings.lowerWithIccId,
} as const;

/** As in the sample of the page "Set fallback attribute". */
const mixed = { kinds: ['iccid', 'eid'], documented: spellings.lower, field: spellings.capital } as const;

/** `POST …/devices/profile/actions/<action>`: each profile is reported by DeviceProfileService. A device without one gets a fault. */
export function defineProfileOperation<Body extends z.infer<typeof profileBody>>(definition: ProfileOperationDefinition<Body>): Operation {
  const { endpoint, action, body: shape, check, kinds, fresh, refuse, apply, result, isMixed = false, example } = definition;
  const spelled: { kinds: readonly IdentifierKind[]; documented: SpellKind; field: SpellKind } = isMixed ? mixed : usualSpelling;
  return defineOperation<Body>({
    endpoint,
    method: 'POST',
    path: `/api/m2m/v1/devices/profile/actions/${action}`,
    dialect: 'status-code',
    body: shape,
    receive(body, carrier) {
      check?.(body);
      return {
        ...receiveProfiles(body, carrier, kinds, fresh),
        refuse: ({ profile }) => (profile === undefined ? profileFaults.noProfile : refuse(profile)),
        apply(device) {
          if (device.profile !== undefined) apply(device, device.profile, carrier, body);
        },
        reports: reportByProfileService(carrier, {
          kinds: spelled.kinds,
          spellKind: spelled,
          isMixed,
          result: (device) => ({ ...profileResult(device), ...result?.(device, carrier) }),
        }),
      };
    },
    example,
  });
}

/** What a message tells of a profile. The callbacks know no word for a profile that is not downloaded. */
export function profileResult({ profile }: Device): Record<string, string> {
  if (profile === undefined) return {};
  const { state, status, role } = profile;
  return { state, profileStatus: status === 'NOT_DOWNLOADED' ? 'UNKNOWN' : status, profileRole: role };
}
