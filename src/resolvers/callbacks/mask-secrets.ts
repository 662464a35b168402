/**
 * Overwrites secrets in a dead letter with asterisks: plain, in UTF-8, Latin-1 or UTF-16, or with characters escaped as JSON, XML or
 * forms may escape them. The length stays.
 */
export function maskSecrets(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const masked = Buffer.from(bytes);
  const spellings = secrets.map(matchSpellings);
  // Latin 1 has one character for each byte, so an index in the text is an index in the message.
  overwrite(masked, masked.toString('latin1'), 1, spellings);
  // Each ASCII character has a NUL in UTF-16, and two bytes are one character.
  if (!masked.includes(0)) return masked;
  const even = masked.subarray(0, masked.length - (masked.length % 2));
  overwrite(masked, even.toString('utf16le'), 2, spellings);
  even.swap16();
  overwrite(masked, even.toString('utf16le'), 2, spellings);
  even.swap16();
  return masked;
}

function overwrite(message: Buffer, text: string, width: 1 | 2, spellings: readonly RegExp[]): void {
  const asterisk = Buffer.from('*', width === 1 ? 'latin1' : 'utf16le');
  for (const spelling of spellings)
    for (const { index, 0: found } of text.matchAll(spelling)) message.fill(asterisk, index * width, (index + found.length) * width);
}

function matchSpellings(secret: string): RegExp {
  const characters = Array.from(secret, (character) => {
    const utf8 = Buffer.from(character);
    const code = character.codePointAt(0) ?? 0;
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    // The longest spelling first. A text within a text has its backslashes doubled, once for each text.
    const written = [
      escapeLiterally(ENTITIES[character] ?? character),
      `&#0*${code};`,
      `&#x0*${anyCase(code.toString(16))};`,
      units.map((unit) => `\\\\{1,8}u${anyCase(unit.toString(16).padStart(4, '0'))}`).join(''),
      [...utf8].map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join(''),
      ...(character === '\\' ? ['\\\\{8}', '\\\\{4}', '\\\\{2}'] : []),
      `${'"/'.includes(character) ? '\\\\{0,8}' : ''}${escapeLiterally(character)}`,
      escapeLiterally(utf8.toString('latin1')),
    ];
    return `(?:${[...new Set(written)].join('|')})`;
  });
  return new RegExp(characters.join(''), 'g');
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}

function escapeLiterally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The entities that XML predefines. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
