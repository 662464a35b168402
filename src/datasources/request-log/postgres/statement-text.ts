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
