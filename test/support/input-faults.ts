import { expect } from 'vitest';
import type { ParsedInput } from '../../src/operations/define-operation.ts';
import type { InputFault } from '../../src/operations/input-fault.ts';

/**
 * The faults of a parsed input, each as `devices.0.deviceIds.0.id IDENTIFIER_FORM`; empty for one that was accepted. No
 * message may repeat the value it is about.
 */
export function inputFaults(input: unknown, parsed: ParsedInput): string[] {
  if ('command' in parsed) return [];
  expect(parsed.faults.length).toBeGreaterThan(0);
  for (const { path, message } of parsed.faults) {
    const value = valueAt(input, path);
    // A kind is a word of the schema, not data.
    if (typeof value === 'string' && value.length > 2 && path.at(-1) !== 'kind') expect(message).not.toContain(value);
    expect(message).toMatch(/\S.*[.)]$/s);
  }
  return parsed.faults.map(shortly);
}

export function shortly({ path, code }: { readonly code: string; readonly path: readonly (string | number)[] }): string {
  return `${path.join('.')} ${code}`.trim();
}

function valueAt(input: unknown, path: InputFault['path']): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined), input);
}
