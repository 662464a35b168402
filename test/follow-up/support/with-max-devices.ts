import { operationNamed } from '../../../src/operations/index.ts';

/** Lowers how many devices one request of an operation may have, in this process, until it is disposed of. */
export function withMaxDevices(operation: string, maxDevices: number): Disposable {
  const row = operationNamed(operation);
  if (!row) throw new Error(`There is no operation ${operation}.`);
  const before = row.maxDevices;
  Object.assign(row, { maxDevices });
  return {
    [Symbol.dispose]() {
      Object.assign(row, { maxDevices: before });
    },
  };
}
