export interface Needle {
  readonly name: string;
  readonly piece: Buffer;
}

export interface Found {
  readonly name: string;
  /** How it was written. */
  readonly form: string;
  readonly at: number;
}

interface Pattern {
  readonly name: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Seeks many markers at once in bytes of any kind, in whatever form they were written. */
export class CanarySearch {
  /** Letters count as they are: base64, raw bytes. */
  readonly #exact: PatternIndex;
  /** Sought in small letters: a header may have been lowered. */
  readonly #caseless: PatternIndex;

  constructor(needles: readonly Needle[]) {
    const patterns = needles.flatMap(({ name, piece }) =>
      formsOf(piece).map(({ form, bytes, isExact }) => ({ name, form, isExact, bytes: isExact ? bytes : lowered(bytes) })),
    );
    this.#exact = new PatternIndex(patterns.filter(({ isExact }) => isExact));
    this.#caseless = new PatternIndex(patterns.filter(({ isExact }) => !isExact));
  }

  in(haystack: Buffer | string): Found[] {
    const bytes = Buffer.from(haystack);
    return [...this.#exact.in(bytes), ...this.#caseless.in(lowered(bytes))];
  }
}

interface Form {
  readonly form: string;
  readonly bytes: Buffer;
  readonly isExact: boolean;
}

function formsOf(piece: Buffer): Form[] {
  const isText = piece.every((byte) => byte > 0x20 && byte < 0x7f);
  const each = (write: (byte: number) => string) => Buffer.from(Array.from(piece, write).join(''));
  const hex = (byte: number) => byte.toString(16).padStart(2, '0');
  const forms: Form[] = [
    { form: 'as it is', bytes: piece, isExact: !isText },
    { form: 'hex', bytes: each(hex), isExact: false },
    ...[0, 1, 2].flatMap((before) => base64At(piece, before)),
  ];
  if (!isText) return forms;
  // The last byte is left out: with the first zero before the letters instead of behind them the same bytes are big-endian.
  const utf16 = Buffer.from(piece.toString('latin1'), 'utf16le').subarray(0, -1);
  return [
    ...forms,
    ...[0, 1, 2].flatMap((before) => base64At(utf16, before)),
    { form: 'UTF-16', bytes: utf16, isExact: false },
    { form: 'percent-encoded', bytes: each((byte) => `%${hex(byte)}`), isExact: false },
    { form: 'JSON escapes', bytes: each((byte) => `\\u00${hex(byte)}`), isExact: false },
    { form: 'XML references', bytes: each((byte) => `&#${byte};`), isExact: false },
    { form: 'XML references in hex', bytes: each((byte) => `&#x${hex(byte)};`), isExact: false },
  ];
}

/** The letters of base64 that the piece alone decides when `before` bytes (modulo 3) stand before it. */
function base64At(piece: Buffer, before: number): Form[] {
  const bits = 8 * (before + piece.length);
  const text = Buffer.concat([Buffer.alloc(before), piece])
    .toString('base64')
    .slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6));
  const ways = new Set([text, text.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...ways].map((way) => ({ form: 'base64', bytes: Buffer.from(way), isExact: true }));
}

/** Looks at each place of the bytes once, however many patterns there are. */
class PatternIndex {
  readonly #begins = new Uint8Array(0x1_0000);
  readonly #patterns = new Map<number, Pattern[]>();

  constructor(patterns: readonly Pattern[]) {
    for (const pattern of patterns) {
      if (pattern.bytes.length < 4) throw new RangeError(`${pattern.name} is too short to be sought.`);
      const start = pattern.bytes.readUInt32LE(0);
      this.#begins[start & 0xffff] = 1;
      this.#patterns.set(start, [...(this.#patterns.get(start) ?? []), pattern]);
    }
  }

  in(haystack: Buffer): Found[] {
    const found: Found[] = [];
    for (let at = 0; at + 4 <= haystack.length; at++) {
      if (this.#begins[(haystack[at] ?? 0) | ((haystack[at + 1] ?? 0) << 8)] === 0) continue;
      for (const { name, form, bytes } of this.#patterns.get(haystack.readUInt32LE(at)) ?? []) {
        if (haystack.compare(bytes, 0, bytes.length, at, Math.min(at + bytes.length, haystack.length)) === 0)
          found.push({ name, form, at });
      }
    }
    return found;
  }
}

function lowered(bytes: Buffer): Buffer {
  const small = Buffer.from(bytes);
  for (let at = 0; at < small.length; at++) {
    const byte = small[at] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) small[at] = byte + 0x20;
  }
  return small;
}
