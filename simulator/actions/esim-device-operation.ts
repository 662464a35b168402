import type { FaultResponse } from '../callbacks/fault-response.ts';
import type { Device, DeviceProfile } from '../devices/device.ts';
import { type Carrier, defineOperation, type Operation, type OperationExample } from './define-operation.ts';
import type { FreshDevice } from './device-finder.ts';
import { profileResult, usualSpelling } from './profile-operation.ts';
import { profileFaults } from './profile-rules.ts';
import { profileBody, receiveProfiles, reportByProfileService } from './profile-service.ts';

/** One action on a whole eSIM device, written from its page. */
export interface ESimDeviceOperationDefinition {
  readonly endpoint: string;
  /** The last part of its path. */
  readonly action: string;
  /** How a device starts that is new to the carrier: with one profile. */
  readonly fresh: FreshDevice;
  /** What the message about the device tells as its state. */
  readonly state: DeviceProfile['state'];
  /** The fault that a profile reports. The device itself may succeed all the same. */
  readonly refuse: (profile: DeviceProfile) => FaultResponse | undefined;
  /** Changes the line of a profile that has no fault. */
  readonly apply: (line: Device, profile: DeviceProfile) => void;
  readonly example: OperationExample;
}

/**
 * `POST …/devices/profile/actions/<action>` on devices that are named by their EID alone. DeviceProfileService reports each profile and,
 * in one more message, the device.
 *
 * Inferred: the messages come in any order. The message about the device has its EID and IMEI, and no ICCID. It is a success unless no
 * profile of the device is in use.
 */
export function defineESimDeviceOperation(definition: ESimDeviceOperationDefinition): Operation {
  const { endpoint, action, fresh, state, refuse, apply, example } = definition;
  return defineOperation({
    endpoint,
    method: 'POST',
    path: `/api/m2m/v1/devices/profile/actions/${action}`,
    dialect: 'status-code',
    body: profileBody,
    receive(body, carrier) {
      const faults = new Map<Device, FaultResponse>();
      const linesOf = ({ identifiers }: Device) => carrier.inventory.profilesOf(identifiers.eid);
      const ofProfile = reportByProfileService(carrier, { kinds: usualSpelling.kinds, spellKind: usualSpelling, result: profileResult });
      return {
        ...receiveProfiles(body, carrier, [['eid']], fresh),
        refuse: (device) => {
          if (device.profile === undefined) return profileFaults.noProfile;
          return linesOf(device).some(({ profile }) => profile && profile.state !== 'DEACTIVE') ? undefined : profileFaults.notActive;
        },
        apply(device) {
          for (const line of linesOf(device)) {
            if (line.profile === undefined) continue;
            const fault = refuse(line.profile);
            if (fault) faults.set(line, fault);
            else apply(line, line.profile);
          }
        },
        reports: {
          ...reportByProfileService(carrier, { kinds: ['eid', 'imei'], spellKind: usualSpelling, result: () => ({ state }) }),
          profiles(device) {
            const messages = inAnyOrder(linesOf(device), carrier).map((line) => {
              const fault = faults.get(line);
              return fault ? ofProfile.profileFault(line, fault) : ofProfile.success(line);
            });
            const before = carrier.random.integer(0, messages.length);
            return { before: messages.slice(0, before), after: messages.slice(before) };
          },
        },
      };
    },
    example,
  });
}

function inAnyOrder(lines: readonly Device[], { random }: Carrier): Device[] {
  return lines
    .map((line) => ({ line, place: random.next() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ line }) => line);
}
