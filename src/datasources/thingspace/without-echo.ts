/** Fields whose values an error may repeat. They name things, and a person who reads the error looks for them. */
const REPEATABLE_FIELDS = new Set(['accountName', 'devices', 'deviceId', 'key', 'name', 'servicePlan']);

/**
 * Removes from the carrier's error message the parts of our request that it repeats. The message is stored, and it is shown to
 * others than the sender. Tokens, callback paths, passwords and what a mutation says about a customer are replaced; identifiers of
 * devices stay.
 *
 * Use it for messages only. Codes decide what happens, and a caller could choose a value that hides one.
 *
 * @param sent the tokens, and the body as it was sent.
 */
export function withoutEcho(words: string, sent: { readonly secrets: readonly string[]; readonly body: string | undefined }): string {
  if (words === '') return words;
  const values = [...sent.secrets, ...(sent.body === undefined ? [] : collectValues(JSON.parse(sent.body)))];
  const spelt = new Set(values.filter(({ length }) => length > 1).flatMap(listSpellings));
  const longestFirst = [...spelt].toSorted((left, right) => right.length - left.length);
  return spelt.size === 0 ? words : words.replace(new RegExp(longestFirst.map(writePattern).join('|'), 'giu'), '…');
}

function collectValues(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...collectPathSecret(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (REPEATABLE_FIELDS.has(key) ? [] : collectValues(each)));
}

/** The last part of a callback URL's path is its secret. */
function collectPathSecret(value: string): string[] {
  if (!/^https?:/.test(value) || !URL.canParse(value)) return [];
  return [new URL(value).pathname.split('/').at(-1) ?? ''];
}

/** A short value is looked for as a whole word: `US` must not be found in `MUST`. */
function writePattern(text: string): string {
  const literally = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return text.length < 6 ? `(?<![\\p{L}\\p{N}])${literally}(?![\\p{L}\\p{N}])` : literally;
}

/** The value as it is, in JSON, in JSON within JSON, in a URL, in XML. */
function listSpellings(value: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [value, json(value), json(json(value)), encodeURIComponent(value.toWellFormed()), xml, xml.replaceAll('"', '&quot;')];
}
