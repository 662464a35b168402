import { z } from 'zod';

/** Identifier kinds the carrier knows, in lower case. Requests may spell them in any case. */
export const identifierKinds = ['imei', 'iccid', 'eid', 'mdn', 'msisdn', 'min', 'imsi', 'meid', 'esn'] as const;

export type IdentifierKind = (typeof identifierKinds)[number];

/** One identifier of a device; `kind` in lower case whatever the request wrote. */
export interface Identifier {
  readonly kind: IdentifierKind;
  readonly id: string;
}

/**
 * What an identifier of each kind looks like in a request. Source: the device pages (ESN 11 digits, ICCID up to 20,
 * IMEI up to 16, MDN 10, MEID 14 hexadecimal, MSISDN 11); EID and IMSI by their standards; MIN as MDN.
 */
export const identifierPatterns: Readonly<Record<IdentifierKind, RegExp>> = {
  imei: /^\d{1,16}$/,
  iccid: /^\d{1,20}$/,
  eid: /^\d{32}$/,
  mdn: /^\d{10}$/,
  msisdn: /^\d{11}$/,
  min: /^\d{10}$/,
  imsi: /^\d{1,15}$/,
  meid: /^[0-9A-Fa-f]{14}$/,
  esn: /^\d{11}$/,
};

/** The kind in lower case, or undefined when the carrier knows no such kind. */
export function identifierKind(text: string): IdentifierKind | undefined {
  const lower = text.toLowerCase();
  return identifierKinds.find((kind) => kind === lower);
}

/** The value that stands for a device in the ledger and in the magic table: its ICCID, else its first identifier, else ''. */
export function primaryIdentifier(ids: readonly { readonly kind: string; readonly id: string }[]): string {
  return (ids.find((each) => each.kind.toLowerCase() === 'iccid') ?? ids[0])?.id ?? '';
}

const named = z.looseObject({ kind: z.string(), id: z.string() });

const list = z.array(z.looseObject({ deviceIds: z.array(named) })).optional();

const shape = z.looseObject({
  devices: list,
  devicesToAdd: list,
  devicesToDelete: list,
  deviceIds: z.array(named).optional(),
  deviceId: named.optional(),
});

/** The value that stands for each device that a body names: a list of an operation, or the one of a read. Empty when there is none. */
export function devicesInBody(body: string): string[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return [];
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) return [];
  const { deviceId, deviceIds = deviceId ? [deviceId] : undefined, devicesToAdd, devicesToDelete } = parsed.data;
  const devices = parsed.data.devices ?? devicesToAdd ?? devicesToDelete ?? (deviceIds ? [{ deviceIds }] : []);
  return devices.map((device) => primaryIdentifier(device.deviceIds));
}
