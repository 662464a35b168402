import { request } from 'undici';

export interface Answer {
  readonly status: number;
  /** Without `date`, which is another each second. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Question {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** One operation over HTTP, and everything of its answer that a caller can tell from another. */
export async function ask(
  url: string,
  authorization: string | null,
  question: Question | string,
  accept = 'application/graphql-response+json',
): Promise<Answer> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...(authorization !== null && { authorization }) },
    body: typeof question === 'string' ? question : JSON.stringify(question),
  });
  const { date: _date, ...headers } = answer.headers;
  return { status: answer.statusCode, headers, text: await answer.body.text() };
}

/** The code of the first error; null where there is none. */
export function codeOf({ text }: Pick<Answer, 'text'>): string | null {
  const { errors } = JSON.parse(text) as { errors?: readonly { extensions?: { code?: string } }[] };
  return errors?.[0]?.extensions?.code ?? null;
}
