export const EVENT_STREAM = 'text/event-stream';

/** What the GraphQL door answers with, in the order it chooses where the client leaves the choice. */
const OFFERED = ['application/json', 'application/graphql-response+json', EVENT_STREAM] as const;

/**
 * The media types of ours that an `Accept` header takes, most wanted first; none when it takes none of them. Quality counts
 * (`q=0` refuses), the closest range decides (`text/event-stream` before `text/*`), and of equals the one listed first wins.
 */
export function acceptedTypes(header: string | undefined): readonly string[] {
  if (!header?.trim()) return OFFERED;
  const ranges = header.toLowerCase().split(',').map(toRange);
  const wanted = OFFERED.flatMap((type) => {
    const names = [type, type.replace(/\/.*/, '/*'), '*/*'];
    const at = names.map((name) => ranges.findIndex((range) => range.name === name)).find((found) => found >= 0);
    const quality = (at !== undefined && ranges[at]?.quality) || 0;
    return at === undefined || quality === 0 ? [] : [{ type, quality, at }];
  });
  return wanted.toSorted((left, right) => right.quality - left.quality || left.at - right.at).map(({ type }) => type);
}

/** Answers are UTF-8: a range that asks for another encoding takes nothing of ours. */
function toRange(text: string): { readonly name: string; readonly quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim());
  const valueOf = (key: string) => parameters.find((parameter) => parameter.startsWith(`${key}=`))?.slice(key.length + 1);
  const quality = Number(valueOf('q') ?? 1);
  const charset = valueOf('charset')?.replaceAll('"', '') ?? 'utf-8';
  return { name, quality: charset !== 'utf-8' ? 0 : Number.isNaN(quality) ? 1 : quality };
}
