import { legacyBody } from './callback-form.ts';

const WRAPPER = '{"CallbackRequest":{';

/**
 * One message as it is stored, with `fields` (in camelCase) first in it: what was taken out before it was stored, and is for
 * the listener before us. A legacy message gets them in its own PascalCase. By text, because a message may be nested as deep
 * as JSON.stringify can go.
 */
export function withFields(json: string, fields: Readonly<Record<string, string | number>>): string {
  const legacy = legacyBody(JSON.parse(json) as Record<string, unknown>) !== null;
  const named = Object.entries(fields).map(([name, value]) => [legacy ? name.replace(/^./, (first) => first.toUpperCase()) : name, value]);
  if (named.length === 0) return json;
  const start = json.startsWith(WRAPPER) ? WRAPPER.length : 1;
  const inserted = JSON.stringify(Object.fromEntries(named)).slice(1, -1);
  return `${json.slice(0, start)}${inserted}${json[start] === '}' ? '' : ','}${json.slice(start)}`;
}
