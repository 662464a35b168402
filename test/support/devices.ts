export interface TestDevice {
  readonly deviceIds: { readonly kind: 'ICCID' | 'IMEI' | 'EID'; readonly value: string }[];
}

/** `count` devices of their own, by ICCID and IMEI. */
export function devices(count: number, first = 1): TestDevice[] {
  return Array.from({ length: count }, (_, at) => ({
    deviceIds: [
      { kind: 'IMEI', value: `9900${String(first + at).padStart(10, '0')}0` },
      { kind: 'ICCID', value: iccid(first + at) },
    ],
  }));
}

/** The EID of an eSIM device of its own. */
export function eid(number: number): string {
  return `89049032${String(number).padStart(24, '0')}`;
}

export function iccid(number: number): string {
  return `8914800${String(number).padStart(13, '0')}`;
}
