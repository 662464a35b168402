import { isFields, type Fields } from './carrier-values.ts';

/**
 * `REST` is the documented camelCase. `LEGACY` is the older PascalCase of the activation page's first callback table. Listeners
 * that were registered over SOAP still receive it, as JSON or as XML. `WRAPPED` is the same inside a `CallbackRequest`.
 */
export type CallbackForm = 'REST' | 'LEGACY' | 'WRAPPED';

export function formOf(message: Fields): CallbackForm {
  if (isFields(message['CallbackRequest'])) return 'WRAPPED';
  return 'RequestId' in message && !('requestId' in message) ? 'LEGACY' : 'REST';
}

/** Returns the fields of a message, without the wrapper if there is one. */
export function unwrap(message: Fields, form: CallbackForm): Fields {
  return form === 'WRAPPED' ? readObject(message['CallbackRequest']) : message;
}

/**
 * Puts `fields` (in camelCase) back in front of a stored message: they were taken out of it, and the previous listener needs them.
 * A legacy message gets them in its own PascalCase. The text is edited, because a message may be nested as deep as JSON.stringify
 * can go.
 */
export function withFields(
  json: string,
  fields: Readonly<Record<string, string | number>>,
  form = formOf(JSON.parse(json) as Fields),
): string {
  const named = Object.entries(fields).map(([name, value]) => [
    form === 'REST' ? name : name.replace(/^./, (first) => first.toUpperCase()),
    value,
  ]);
  if (named.length === 0) return json;
  const start = form === 'WRAPPED' ? WRAPPER.length : 1;
  const inserted = JSON.stringify(Object.fromEntries(named)).slice(1, -1);
  return `${json.slice(0, start)}${inserted}${json[start] === '}' ? '' : ','}${json.slice(start)}`;
}

/** The beginning of a stored message that is wrapped. */
const WRAPPER = '{"CallbackRequest":{';

function readObject(value: unknown): Fields {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return isFields(one) ? one : {};
}
