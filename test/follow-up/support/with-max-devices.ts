import { OPERATIONS, type OperationName } from '../../../src/operations/operations.ts';

/** Lowers the devices the carrier takes in one request of an operation, in this process, until disposed of. */
export function withMaxDevices(operation: OperationName, maxDevices: number): Disposable {
  const row = OPERATIONS[operation] as { maxDevices: number };
  const before = row.maxDevices;
  row.maxDevices = maxDevices;
  return {
    [Symbol.dispose]() {
      row.maxDevices = before;
    },
  };
}
