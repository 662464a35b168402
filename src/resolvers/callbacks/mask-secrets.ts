/**
 * Overwrites secrets with asterisks wherever they stand in a dead letter: as they are, or with characters
 * escaped as JSON and XML must escape them. The length stays.
 */
export function maskSecrets(bytes: Uint8Array, secrets: readonly string[]): Uint8Array {
  const masked = Buffer.from(bytes);
  // Latin 1 has one character a byte: a place in the text is a place in the message.
  const text = masked.toString('latin1');
  for (const secret of secrets)
    for (const { index, 0: found } of text.matchAll(matchSpellings(secret))) masked.fill('*', index, index + found.length);
  return masked;
}

function matchSpellings(secret: string): RegExp {
  const characters = Array.from(secret, (character) => {
    // The longest first.
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

/** What XML names of itself. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
