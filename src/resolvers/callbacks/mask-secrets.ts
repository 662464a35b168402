/**
 * Overwrites secrets in a dead letter with asterisks, plain or with the characters escaped that JSON and XML must escape. The
 * length stays.
 */
export function maskSecrets(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const masked = Buffer.from(bytes);
  // Latin 1 has one character for each byte, so an index in the text is an index in the message.
  const text = masked.toString('latin1');
  for (const secret of secrets)
    for (const { index, 0: found } of text.matchAll(matchSpellings(secret))) masked.fill('*', index, index + found.length);
  return masked;
}

function matchSpellings(secret: string): RegExp {
  const characters = Array.from(secret, (character) => {
    // The longest spelling first.
    const written = [ENTITIES[character] ?? character, JSON.stringify(character).slice(1, -1), character];
    return `(?:${written.map(escapeLiterally).join('|')})`;
  });
  return new RegExp(characters.join(''), 'g');
}

function escapeLiterally(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The entities that XML predefines. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
