import * as z from 'zod';
import type { DeviceQuery } from '../../datasources/thingspace/carrier-reads.ts';
import { cleanIdentifier } from '../../datasources/thingspace/wire/same-identifier.ts';
import type { DeviceIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import { GatewayError } from '../../errors.ts';
import { DEVICE_NAME, NAMING_KINDS } from '../../operations/device-groups.ts';
import { optional, servicePlan, text } from '../../operations/fields.ts';
import { customFieldFilter } from '../../operations/target.ts';

/** A device as a caller names it. */
export interface NamedDevice {
  readonly kind: DeviceIdentifierKind;
  readonly value: string;
}

/** The states that the carrier searches for, as its list spells them. It finds one state, and not all that are pending. */
export const LISTED_STATES = {
  PRE_ACTIVE: 'pre-active',
  PENDING_ACTIVATION: 'pending activation',
  PENDING_DEACTIVATION: 'pending deactivation',
  ACTIVE: 'active',
  SUSPENDED: 'suspend',
  DEACTIVE: 'deactive',
} as const;

export type ListedState = keyof typeof LISTED_STATES;

const part = optional(
  z
    .string()
    .max(64, 'may have at most 64 characters')
    .regex(/[\p{L}\p{N}]/u, 'needs a letter or digit of an identifier'),
);

const FILTER = z.object({
  state: optional(z.enum(Object.keys(LISTED_STATES) as [ListedState, ...ListedState[]])),
  servicePlan: optional(servicePlan),
  groupName: optional(text(100)),
  customFields: optional(customFieldFilter),
  identifier: optional(
    z
      .object({ kind: z.enum(NAMING_KINDS, `takes ${NAMING_KINDS.join(', ')}`), contains: part, startsWith: part, endsWith: part })
      .refine((given) => given.contains ?? given.startsWith ?? given.endsWith, 'needs one of contains, startsWith and endsWith'),
  ),
});

/**
 * Reads a filter of the device list into the question to the carrier.
 *
 * @throws GatewayError BAD_USER_INPUT. It never repeats a value.
 */
export function readDeviceFilter(given: unknown): Omit<DeviceQuery, 'accountName'> {
  const { state, identifier, ...rest } = readInput('filter', FILTER, given ?? {});
  if (!identifier) return { ...rest, currentState: state && LISTED_STATES[state] };
  const { kind, ...parts } = identifier;
  const clean = (value: string | undefined) => (value === undefined ? undefined : cleanIdentifier(kind, value));
  return {
    ...rest,
    currentState: state && LISTED_STATES[state],
    identifier: { kind, contains: clean(parts.contains), startsWith: clean(parts.startsWith), endsWith: clean(parts.endsWith) },
  };
}

/** @throws GatewayError BAD_USER_INPUT */
export function readDeviceName(given: NamedDevice): { readonly kind: DeviceIdentifierKind; readonly id: string } {
  return readInput('id', DEVICE_NAME, given);
}

function readInput<Value>(name: string, shape: z.ZodType<Value>, given: unknown): Value {
  const { success, data, error } = shape.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  throw new GatewayError('BAD_USER_INPUT', `\`${[name, ...(issue?.path ?? [])].join('.')}\`: ${issue?.message}`);
}
