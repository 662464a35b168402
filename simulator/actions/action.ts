import type { CallbackMessage } from '../callbacks/callback-message.ts';
import type { FaultResponse } from '../callbacks/fault-response.ts';
import type { Device } from '../devices/device.ts';
import type { Identifier } from '../devices/identifiers.ts';
import type { Unkind } from '../unkind/unkind-switch.ts';

/** A device of a request, found or not. */
export interface Target {
  /** The identifiers in the request; for a device that the request did not name, its IMEI and ICCID. */
  readonly requested: readonly Identifier[];
  readonly ipAddress: string | undefined;
  readonly device: Device | undefined;
  /** How the carrier treats it, apart from the usual. */
  readonly unkind: Unkind;
}

/** A message about a device, and the service that carries it. */
export type ActionMessage = Pick<CallbackMessage, 'service' | 'legacyPath' | 'isMixed' | 'withCredentials' | 'content'>;

/** How the carrier reports a device of a request. */
export interface Reports {
  readonly success: (device: Device, target: Target) => ActionMessage;
  readonly pending: (target: Target) => ActionMessage;
  readonly fault: (target: Target, fault: FaultResponse) => ActionMessage;
  /** The second message about a device that the NIDD service configures; absent where there is none. */
  readonly nidd?: (device: Device, outcome: 'created' | 'failed') => ActionMessage;
  /** The message that the profile of an eSIM got a fault; absent where devices have none. */
  readonly profileFault?: (device: Device, fault: FaultResponse) => ActionMessage;
  /** What comes before and after the message about the device itself, where each of its profiles is reported too. */
  readonly profiles?: (device: Device) => { readonly before: readonly ActionMessage[]; readonly after: readonly ActionMessage[] };
}

/** A request that is done and answered at once, with a result for each device. */
export interface AnsweredAction extends Pick<Action, 'targets' | 'refuse' | 'apply'> {
  /** Absent where the request names none: then a device of any account is meant. */
  readonly account?: string;
  /** What the answer says of a device. */
  readonly result: (target: Target, fault: FaultResponse | undefined) => Readonly<Record<string, unknown>>;
}

/** A request that passed the rules of its page: which devices, what happens to each, and how that is reported. */
export interface Action {
  readonly account: string;
  readonly targets: readonly Target[];
  /** True for two-way provisioning: the status endpoint knows the request when it has one device. */
  readonly hasRequestStatus?: boolean;
  /** What the device list shows until a device is done, for instance `pending activation`. */
  readonly pendingState?: string;
  /** The fault of a device whose state does not allow the operation. */
  readonly refuse: (device: Device) => FaultResponse | undefined;
  /** Changes a device whose state allows it. */
  readonly apply: (device: Device, target: Target) => void;
  /** Runs for a known device that got a fault. */
  readonly onFault?: (device: Device) => void;
  readonly reports: Reports;
}
