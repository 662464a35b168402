const twoWords: Readonly<Record<string, string>> = { faultcode: 'FaultCode', faultstring: 'FaultString' };

/** A name in PascalCase. */
export const pascalName = (name: string): string => twoWords[name] ?? name.charAt(0).toUpperCase() + name.slice(1);

/** JSON with every name in PascalCase. */
export function pascalCase(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(pascalCase);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [pascalName(name), pascalCase(value)]));
}
