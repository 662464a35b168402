import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import type { Simulator } from '../../../simulator/simulator.ts';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
import { canary } from '../canaries.ts';
import type { Evidence } from './evidence.ts';

/** Everything the gateway has sent with one request: what an answer may quote. */
export interface Heard {
  readonly path: string;
  readonly text: string;
  readonly body: string;
}

export interface OddAnswer {
  readonly status: number;
  readonly type?: string;
  readonly body: (heard: Heard) => string;
  /** `cut`: the connection is reset in the middle of the body; `raw`: the body alone, no HTTP about it. */
  readonly how?: 'cut' | 'raw';
}

export interface MarkedCarrier extends AsyncDisposable {
  /** Base URL of the API for the gateway. */
  readonly url: string;
  /** The next request whose method and path fit is answered by hand, and not passed on. */
  answerNext(fits: RegExp, answer: OddAnswer): void;
  /** Answers by hand that were not asked for yet. */
  readonly waiting: readonly string[];
}

/** Stands before the simulator: gives out tokens that are markers, and witnesses what is heard and said. */
export async function startMarkedCarrier(simulator: Simulator, evidence: Evidence): Promise<MarkedCarrier> {
  const origin = new URL(simulator.url).origin;
  const odd: { readonly fits: RegExp; readonly answer: OddAnswer }[] = [];
  const real = { bearer: '', session: '' };
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = (await buffer(incoming)).toString('utf8');
    const { method = '', url: path = '', headers } = incoming;
    const text = `${method} ${path}\n${incoming.rawHeaders.join('\n')}\n\n${body}`;
    evidence.witness('carrier heard', text);
    const at = odd.findIndex(({ fits }) => fits.test(`${method} ${path}`));
    const [rule] = at < 0 ? [] : odd.splice(at, 1);
    if (rule) return answerOddly(rule.answer, { path, text, body }, outgoing, evidence);
    const { host: _host, connection: _connection, 'content-length': _length, ...passed } = headers;
    const sent = Object.fromEntries(
      Object.entries(passed).map(([name, value]) => [
        name,
        String(value).replace(canary('bearerToken'), real.bearer).replace(canary('sessionToken'), real.session),
      ]),
    );
    const answer = await request(`${origin}${path}`, { method, headers: sent, ...(body !== '' && { body }) });
    const said = mark(await answer.body.text(), real);
    evidence.witness('carrier said', said);
    const { 'content-type': type } = answer.headers;
    const location = [answer.headers['location']].flat()[0];
    outgoing.writeHead(answer.statusCode, { 'content-type': String(type ?? 'application/json'), ...(location && { location }) }).end(said);
  };
  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing).catch(() => outgoing.destroy()));
  const listening = await listenOnLoopback(server);
  return {
    url: `${listening.origin}/api`,
    answerNext: (fits, answer) => void odd.push({ fits, answer }),
    get waiting() {
      return odd.map(({ fits }) => fits.source);
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

function answerOddly({ status, type, body, how }: OddAnswer, heard: Heard, response: ServerResponse, evidence: Evidence): void {
  const said = body(heard);
  const [reason, header] = [canary('carrierReason'), canary('carrierHeader')];
  evidence.witness('carrier said', how === 'raw' ? said : `${reason} ${header} ${said}`);
  if (how === 'raw') return void response.socket?.end(`${said}\r\n\r\n`);
  const headers = { 'content-type': type ?? 'application/json', 'x-debug': header };
  if (how !== 'cut') return void response.writeHead(status, reason, headers).end(said);
  response.writeHead(status, reason, { ...headers, 'content-length': said.length + 1_000 });
  response.write(said, () => response.socket?.resetAndDestroy());
}

/** Matches nothing, not even an empty body: the carrier's word for no registrations. */
const NEVER = /(?!)/;

/** The tokens of an answer replaced by markers. */
function mark(text: string, real: { bearer: string; session: string }): string {
  const token = (name: string) => new RegExp(`"${name}":"([^"]*)"`).exec(text)?.[1];
  const [bearer, session] = [token('access_token'), token('sessionToken')];
  if (bearer !== undefined) real.bearer = bearer;
  if (session !== undefined) real.session = session;
  return (
    text
      .replace(bearer ?? NEVER, canary('bearerToken'))
      .replace(session ?? NEVER, canary('sessionToken'))
      .replaceAll('"eventBy":"Simulator User"', `"eventBy":"${canary('historyAuthor')}"`)
      // Without it the list leaves open when a line went live, and the history is asked for.
      .replace(/"lastActivationDate":"[^"]*",/g, '')
  );
}
