const ASTERISK = 0x2a;

/** What XML names of itself, and JSON escapes with one letter. */
const SHORT: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;', '\\"'],
  "'": ['&apos;'],
  '\\': ['\\\\'],
  '/': ['\\/'],
  ' ': ['+'],
  '\b': ['\\b'],
  '\f': ['\\f'],
  '\n': ['\\n'],
  '\r': ['\\r'],
  '\t': ['\\t'],
};

/**
 * Overwrites secrets with asterisks wherever they stand in a message that nobody could read: as they are, or with any of
 * their characters written as JSON, XML or a form may write them, in UTF-8 or UTF-16. The length stays.
 */
export function maskSecrets(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const masked = Buffer.from(bytes);
  const strike = (from: number, to: number, every: number, at: number) => {
    for (let place = from; place < to; place++) masked[place] = place % every === at ? ASTERISK : 0;
  };
  const even = masked.length - (masked.length % 2);
  // Latin 1 has one character a byte: a place in the text is a place in the message.
  const latin = masked.toString('latin1');
  const littleEndian = masked.subarray(0, even).toString('utf16le');
  const bigEndian = Buffer.from(masked.subarray(0, even)).swap16().toString('utf16le');
  // All are sought in what came: with one secret masked, another that holds it would not be found.
  for (const secret of secrets) {
    for (const { index, 0: found } of latin.matchAll(spellings(secret, utf8))) masked.fill(ASTERISK, index, index + found.length);
    const units = spellings(secret, (character) => character);
    for (const { index, 0: found } of littleEndian.matchAll(units)) strike(index * 2, (index + found.length) * 2, 2, 0);
    for (const { index, 0: found } of bigEndian.matchAll(units)) strike(index * 2, (index + found.length) * 2, 2, 1);
  }
  return masked;
}

function utf8(character: string): string {
  return Buffer.from(character).toString('latin1');
}

/** Each character in any of its spellings, the longest first. */
function spellings(secret: string, plain: (character: string) => string): RegExp {
  return new RegExp(Array.from(secret, (character) => `(?:${spellingsOf(character, plain).join('|')})`).join(''), 'g');
}

function spellingsOf(character: string, plain: (character: string) => string): string[] {
  const point = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, at) => `\\\\u${anyCase(hex(character.charCodeAt(at), 4))}`);
  const percent = Array.from(Buffer.from(character), (byte) => `%${anyCase(hex(byte, 2))}`);
  return [
    `&#0{0,7}${point};`,
    `&#[xX]0{0,7}${anyCase(point.toString(16))};`,
    units.join(''),
    percent.join(''),
    ...(SHORT[character] ?? []).map(literally),
    literally(plain(character)),
  ];
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function anyCase(digits: string): string {
  return digits.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
