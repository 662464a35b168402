import { request, type Dispatcher } from 'undici';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown;
}

/** One HTTP request to the GraphQL door; a JSON POST unless told otherwise. */
export async function send(
  url: string,
  body: string | Uint8Array | undefined,
  options: { readonly method?: Dispatcher.HttpMethod; readonly headers?: Record<string, string> } = {},
): Promise<HttpAnswer> {
  const { method = 'POST', headers } = options;
  const answer = await request(url, {
    method,
    headers: headers ?? { 'content-type': 'application/json' },
    ...(body !== undefined && { body }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
