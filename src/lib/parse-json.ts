/** The value of a JSON text, undefined for a text that is no JSON. The error of JSON.parse is dropped, because it quotes the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
