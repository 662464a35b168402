/** A line at the carrier, with every identifier it has. */
export interface Line {
  readonly imei: string;
  readonly iccid: string;
  readonly eid: string;
  readonly mdn: string;
  readonly msisdn: string;
  readonly imsi: string;
  readonly min: string;
}

let made = 0;

/** A line that no other test of this process has. Two lines never differ in the last digit alone. */
export function newLine(): Line {
  const number = String(++made);
  const mdn = `555${number.padStart(7, '0')}`;
  return {
    imei: `35${number.padStart(12, '0')}5`,
    iccid: `89148${number.padStart(14, '0')}7`,
    eid: `89049032${number.padStart(23, '0')}1`,
    mdn,
    msisdn: `1${mdn}`,
    imsi: `311480${number.padStart(9, '0')}`,
    min: `234${number.padStart(7, '0')}`,
  };
}

/** The identifier of a line by its kind, in whatever case the carrier writes the kind. */
export function identifierOf(line: Line, kind: string): string | undefined {
  return new Map<string, string>(Object.entries(line)).get(kind.toLowerCase());
}

export const has = (line: Line, kind: string, id: string): boolean => identifierOf(line, kind)?.toLowerCase() === id.toLowerCase();
