import type { CallbackContent, CallbackMessage, FaultResponse } from '../callbacks/callback-message.ts';
import type { Device } from '../devices/device.ts';
import type { Target } from './device-finder.ts';

/** A content and the service that carries it. */
export type OperationMessage = Pick<CallbackMessage, 'service' | 'format' | 'legacyPath' | 'withCredentials'> & {
  readonly content: CallbackContent;
};

/** One accepted operation: what happens to each device, and how it is told. */
export interface Operation {
  readonly name: string;
  readonly account: string;
  readonly targets: readonly Target[];
  /** Why the device's state does not allow it, if so. */
  readonly refuse: (device: Device) => FaultResponse | undefined;
  /** Changes the device. */
  readonly apply: (device: Device, target: Target) => void;
  /** Runs after each device, whatever became of it. */
  readonly finish: (target: Target, fault: FaultResponse | undefined) => void;
  readonly success: (device: Device, target: Target) => OperationMessage;
  readonly pending: (target: Target) => OperationMessage;
  readonly fault: (target: Target, fault: FaultResponse) => OperationMessage;
  /** The second message about a device that the NIDD service configures; absent where there is none. */
  readonly nidd?: (device: Device, outcome: 'created' | 'failed') => OperationMessage;
}
