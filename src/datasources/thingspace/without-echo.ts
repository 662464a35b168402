/** What of a body may be repeated: it names things, and a person who reads the error looks for it. */
const SPEAKING = new Set(['accountName', 'devices', 'deviceId', 'key', 'name', 'servicePlan']);

const ELLIPSIS = '…';

/**
 * What the carrier says of an error, without what it repeats of our request: its words are stored, and shown to others than
 * who sent them. Tokens, callback paths and passwords go, and what a mutation says of a customer; identifiers of devices stay.
 *
 * For words alone: by a code it is decided what happens, and a caller could choose a value that hides it.
 *
 * @param sent the tokens, and the body as it was sent.
 */
export function withoutEcho(words: string, sent: { readonly secrets: readonly string[]; readonly body: string | undefined }): string {
  if (words === '') return words;
  const values = [...sent.secrets, ...(sent.body === undefined ? [] : valuesIn(JSON.parse(sent.body)))].filter(({ length }) => length > 1);
  const spelt = [...new Set(values.flatMap(spellings))].toSorted((left, right) => right.length - left.length);
  return spelt.length === 0 ? words : words.replace(new RegExp(spelt.map(pattern).join('|'), 'giu'), ELLIPSIS);
}

function valuesIn(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...lastOfPath(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (SPEAKING.has(key) ? [] : valuesIn(each)));
}

/** The path of a callback URL is the secret of it. */
function lastOfPath(value: string): string[] {
  if (!/^https?:/.test(value) || !URL.canParse(value)) return [];
  return [new URL(value).pathname.split('/').at(-1) ?? ''];
}

/** A short one only as a word: `US` is not sought in `MUST`. */
function pattern(text: string): string {
  const literally = text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return text.length < 6 ? `(?<![\\p{L}\\p{N}])${literally}(?![\\p{L}\\p{N}])` : literally;
}

/** As it is, in JSON, in JSON within JSON, in a URL, in XML. */
function spellings(value: string): string[] {
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  const xml = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [value, json(value), json(json(value)), encodeURIComponent(value.toWellFormed()), xml, xml.replaceAll('"', '&quot;')];
}
