import { AuthorizedCalls } from '../../src/datasources/thingspace/authorized-calls.ts';
import { CarrierReads } from '../../src/datasources/thingspace/carrier-reads.ts';
import type { Facts } from '../../src/datasources/thingspace/login-budget.ts';
import { Session } from '../../src/datasources/thingspace/session.ts';
import { ThingSpace } from '../../src/datasources/thingspace/thing-space.ts';
import { readAnswer } from '../../src/datasources/thingspace/wire/read-answer.ts';
import { Transport } from '../../src/lib/http-exchange.ts';
import type { Simulator } from '../../simulator/simulator.ts';

export interface CarrierClient extends AsyncDisposable {
  readonly session: Session;
  readonly thingSpace: ThingSpace;
  readonly reads: CarrierReads;
}

export interface CarrierClientOptions {
  /** Where the operations go, when that is not where the tokens come from. */
  readonly apiUrl?: string;
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Default 65,536; a page of devices is longer. */
  readonly maxAnswerBytes?: number;
  readonly now?: () => number;
}

/** The carrier client alone, both tokens from `simulator`, without a gateway around it. */
export function carrierClient(simulator: Pick<Simulator, 'url' | 'credentials'>, options: CarrierClientOptions = {}): CarrierClient {
  const { timeoutMs = 5_000, now = Date.now } = options;
  const transport = new Transport({
    connectTimeoutMs: options.connectTimeoutMs ?? 2_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 65_536,
    read: readAnswer,
  });
  const known = new Map<string, string | null>();
  const facts: Facts = {
    recall: (key) => Promise.resolve(known.get(key) ?? null),
    remember: (key, value) => {
      known.set(key, value);
      return Promise.resolve();
    },
  };
  const session = new Session({
    transport,
    apiUrl: simulator.url,
    oauthUrl: `${simulator.url}/ts/v1`,
    credentials: simulator.credentials,
    shared: null,
    latchKey: 'a-key-for-tests',
    facts,
    oneAtATime: (login) => login(),
    timeoutMs,
    now,
  });
  const calls = new AuthorizedCalls({ transport, session, apiUrl: options.apiUrl ?? simulator.url, timeoutMs, now });
  const thingSpace = new ThingSpace({ calls });
  const reads = new CarrierReads({ calls });
  return { session, thingSpace, reads, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
}
