export type Json = Record<string, unknown>;

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a path of members. */
export function at(from: unknown, ...path: string[]): Json {
  let here = from;
  for (const name of path) here = isJson(here) ? here[name] : undefined;
  if (!isJson(here)) throw new Error(`There is no object at ${path.join('.') || 'the root'}.`);
  return here;
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
