import { iccid } from '../../support/devices.ts';
import type { OperationName } from './books.ts';

interface Identifier {
  readonly kind: 'ICCID' | 'IMEI' | 'EID';
  readonly id: string;
}

/** How a mutation names the device of this number. Each operation takes its own kinds. */
export function identifiersOf(operation: OperationName, device: number): Identifier[] {
  const byIccid: Identifier = { kind: 'ICCID', id: iccid(device) };
  if (operation === 'ActivateDevices') return [{ kind: 'IMEI', id: `9900${String(device).padStart(10, '0')}0` }, byIccid];
  if (operation === 'ResumeProfile') return [byIccid];
  return [{ kind: 'EID', id: `89049032${String(device).padStart(24, '0')}` }, byIccid];
}

/** The number of the device with this ICCID, which is the last of its identifiers. */
export function deviceOf(value: string): number {
  return Number(value.slice(7));
}
