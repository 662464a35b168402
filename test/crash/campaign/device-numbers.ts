import { iccid } from '../../support/devices.ts';
import { askedOperation, type Identifier, type OperationName } from './asked-operations.ts';

/** How a mutation names the device of this number. Each operation takes its own kinds. */
export function identifiersOf(operation: OperationName, device: number): Identifier[] {
  const ids = {
    ICCID: iccid(device),
    IMEI: `9900${String(device).padStart(10, '0')}0`,
    EID: `89049032${String(device).padStart(24, '0')}`,
  };
  return askedOperation(operation).kinds.map((kind) => ({ kind, id: ids[kind] }));
}

/** The number of the device with this ICCID, which is the last of its identifiers. */
export function deviceOf(value: string): number {
  return Number(value.slice(7));
}
