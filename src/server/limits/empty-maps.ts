import { parseJson } from '../../lib/parse-json.ts';

const MAPS = ['variables', 'extensions'] as const;

/** PHP, and some others, write an empty map as an empty list. Gives the parameters of an operation their empty maps back. */
export function restoreEmptyMaps<Params extends object>(params: Params): Params {
  const restored = MAPS.flatMap((name) => (isEmptyList((params as Readonly<Record<string, unknown>>)[name]) ? [[name, {}] as const] : []));
  return restored.length === 0 ? params : { ...params, ...Object.fromEntries(restored) };
}

const SUSPECT = /"(?:payload|variables|extensions)"\s*:\s*\[\s*\]/;

/** The same for a message of a WebSocket, and for its payload. Few messages are parsed here: graphql-ws does that, and would close the socket. */
export function restoreEmptyMapsIn(message: string): string {
  if (!SUSPECT.test(message)) return message;
  const parsed = parseJson(message);
  if (typeof parsed !== 'object' || parsed === null || !('payload' in parsed)) return message;
  const { payload } = parsed;
  if (isEmptyList(payload)) return JSON.stringify({ ...parsed, payload: {} });
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return message;
  return JSON.stringify({ ...parsed, payload: restoreEmptyMaps(payload) });
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
