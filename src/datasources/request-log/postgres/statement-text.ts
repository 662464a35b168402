export type Item = string | number | boolean | null | Uint8Array;

/** A parameter of a statement. */
export type Value = Item | readonly Item[];

const names = new Map<string, string>();

/** The name under which a statement is prepared, always the same for a text. */
export function nameOf(text: string): string {
  let name = names.get(text);
  if (!name) names.set(text, (name = `m2m_${names.size}`));
  return name;
}

/** Whether a statement only reads, so that it may be run again. */
export function isRead(text: string): boolean {
  return /^\s*(?:SELECT|WITH)\b/i.test(text) && !/\b(?:INSERT|UPDATE|DELETE)\b/i.test(text);
}

/**
 * A parameter as PostgreSQL takes it: it stores no NUL, and no half of a surrogate pair. JSON has both as escapes, so a message stays as it
 * is. Nothing else that has one names anything.
 */
export function storable(value: Value): Value {
  if (typeof value === 'string') return toStorable(value);
  if (!Array.isArray(value)) return value;
  return (value as readonly Item[]).map((item) => (typeof item === 'string' ? toStorable(item) : item));
}

export function toStorable(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\u{FFFD}');
}
