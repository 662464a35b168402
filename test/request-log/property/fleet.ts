/** The identifier kinds of the fleet's devices. A mutation always names a device by its ICCID, too. */
export const KINDS = ['ICCID', 'EID', 'IMEI', 'MDN'] as const;
export type Kind = (typeof KINDS)[number];

export interface SpeltIdentifier {
  readonly kind: string;
  readonly id: string;
}

/** The spellings of one identifier. The carrier spells it differently from service to service. */
const SPELLINGS: Readonly<Record<Kind, (n: string) => readonly [SpeltIdentifier, ...SpeltIdentifier[]]>> = {
  ICCID: (n) => [
    { kind: 'ICCID', id: `891480000000${n}4` },
    { kind: 'iccId', id: `891480000000${n}` },
    { kind: 'Iccid', id: `891480000000${n}F` },
  ],
  EID: (n) => ['EID', 'eid', 'Eid'].map((kind) => ({ kind, id: `8904903200000000000000000${n}` })) as [SpeltIdentifier],
  IMEI: (n) => [
    { kind: 'IMEI', id: `9900139${n}8` },
    { kind: 'imei', id: `9900139${n}` },
    { kind: 'Imei', id: `9900139${n}07` },
  ],
  MDN: (n) => [
    { kind: 'MDN', id: `509${n}` },
    { kind: 'mdn', id: `509${n}` },
    { kind: 'msisdn', id: `1509${n}` },
  ],
};

/** One identifier of device `device`. No two devices of the fleet share one. */
export function spelt(device: number, kind: Kind, spelling: number): SpeltIdentifier {
  const ways = SPELLINGS[kind](digits(device));
  return ways[spelling % ways.length] ?? ways[0];
}

/** The key that the log gives to all spellings. */
export function plainKey(device: number, kind: Kind): string {
  const n = digits(device);
  return { ICCID: `ICCID:891480000000${n}`, EID: `EID:8904903200000000000000000${n}`, IMEI: `IMEI:9900139${n}`, MDN: `MDN:509${n}` }[kind];
}

/** The kinds whose bit is set. */
export function kindsOf(bits: number): Kind[] {
  return KINDS.filter((_, at) => (bits >> at) & 1);
}

/** Seven digits: an IMEI of 14 with its prefix, an MDN of 10. */
function digits(device: number): string {
  return String(device).padStart(7, '0');
}

/** The carrier's id of a Request's carrier request; its devices are those of the pool. */
export function ownGuid(pool: number, part: number): string {
  return `r${pool}p${part}`;
}

/** Another tool's request, with a pool of its own. */
export function strangeGuid(at: number): string {
  return `x${at}`;
}

const STRANGE_POOLS = 90_000;
const POOL_SIZE = 10;

export function poolOf(guid: string): number {
  return guid.startsWith('x') ? STRANGE_POOLS + Number(guid.slice(1)) : Number(/^r(\d+)p/.exec(guid)?.[1] ?? 0);
}

/** Device `at` of a pool. */
export function deviceOfPool(pool: number, at: number): number {
  return pool * POOL_SIZE + at;
}

/** The device that has this ICCID, by its key or its value. */
export function deviceOfIccid(iccid: string): number {
  return Number(iccid.replace('ICCID:', '').slice(12, 19));
}

/** The keys of the log, each as the key of all spellings. */
export function plainKeys(keys: readonly string[]): string[] {
  const cut = (key: string) => (key.startsWith('ICCID:') ? key.slice(0, 25) : key.startsWith('IMEI:') ? key.slice(0, 19) : key);
  return [...new Set(keys.map(cut))];
}
