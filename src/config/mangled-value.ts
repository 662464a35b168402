/** What people and tools do to a value on its way, and nobody means. Each with the sentence that tells it, which never has the value. */
const MANGLINGS: readonly (readonly [form: RegExp, says: string])[] = [
  [/^[^\p{Cc}]*\r?\n$/u, 'ends in a newline, as what `echo` writes does. Leave the newline out (`printf %s`)'],
  [/^\uFEFF/, 'begins with a byte order mark. Save it as UTF-8 without one'],
  [/\uFFFD/, 'was not UTF-8, so characters of it are lost'],
  [/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, 'has a control character or an invisible one in it, as a newline or a tab is'],
  [/^\s|\s$/, 'has a blank at its beginning or end'],
  [/^(?:"[^]*"|'[^]*'|`[^]*`|“[^]*”|‘[^]*’)$/, 'stands in quotes, which are a part of it here. Leave them out'],
  [/^(?:\$\{\w+\}|\$\([^]*\)|\{\{[^]*\}\}|\$[A-Z_][A-Z0-9_]*)$/, 'is the place of a value, which nothing has put in'],
];

/** Docker, systemd and many shells' tools leave it in the value. In a file of its own there are no comments. */
const COMMENT = /\s#/;

/** @returns what is wrong with a value that cannot be meant as it is, behind the variable's name; null if it can. */
export function manglingOf(value: string, { isFile }: { readonly isFile: boolean }): string | null {
  const found = MANGLINGS.find(([form]) => form.test(value));
  if (found) return `${found[1]}.`;
  if (isFile || !COMMENT.test(value)) return null;
  return 'has a blank and `#` in it, as a comment behind a value. Docker and systemd take such a comment for a part of the value. Put it on a line of its own.';
}
