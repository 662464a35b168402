import { createHash, createHmac } from 'node:crypto';
import { CALLBACK_PREFIX, CALLBACK_SERVICES, type CallbackService } from '../../datasources/thingspace/wire/callback-service.ts';
import type { CallbackGeneration, GenerationStanding } from './callback-generation.ts';

export interface CallbackAddress {
  readonly account: string;
  readonly service: CallbackService;
}

/** What a path stands for, and by which of our ways of making paths. */
export interface FoundPath extends CallbackAddress {
  readonly standing: Exclude<GenerationStanding, 'LAPSED'>;
  /** It was made under the secret before the current one. */
  readonly previous: boolean;
}

export interface CallbackPathsOptions {
  readonly accounts: readonly string[];
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly generation: CallbackGeneration;
}

type Known = CallbackAddress & { readonly generation: number; readonly previous: boolean };

/** The path of one account and service. Nobody can make it without the secret, and nothing of it is stored. */
export function makeCallbackPath(secret: string, { account, service }: CallbackAddress, generation = 0): string {
  const name = generation === 0 ? `${account}\n${service}` : `${account}\n${service}\n${generation}`;
  return CALLBACK_PREFIX + createHmac('sha256', secret).update(name).digest('base64url');
}

/**
 * Which account and service a path stands for, under the current secret and the one before it. Paths are looked up by
 * their SHA-256, so the time of a miss tells nothing of how near it was.
 */
export class CallbackPaths {
  readonly #options: CallbackPathsOptions;
  #known: ReadonlyMap<string, Known> = new Map();
  #knownAt = -1;

  constructor(options: CallbackPathsOptions) {
    this.#options = options;
    this.#learn();
  }

  /** `path` without its query; null where it is nobody's, or was given up. */
  find(path: string): FoundPath | null {
    // Its last part is the proof. A proxy that leaves its own prefix in front is no reason to lose a callback.
    const at = path.lastIndexOf(CALLBACK_PREFIX);
    if (at === -1) return null;
    if (this.#knownAt !== this.#options.generation.current) this.#learn();
    const found = this.#known.get(digest(path.slice(at)));
    if (!found) return null;
    const standing = this.#options.generation.standingOf(found.generation);
    return standing === 'LAPSED' ? null : { account: found.account, service: found.service, standing, previous: found.previous };
  }

  #learn(): void {
    const { accounts, secret, previousSecret, generation } = this.#options;
    const known = new Map<string, Known>();
    const { current } = generation;
    for (const account of accounts) {
      for (const service of CALLBACK_SERVICES) {
        for (let at = Math.max(0, current - 1); at <= current; at++) {
          const learn = (under: string, previous: boolean) =>
            known.set(digest(makeCallbackPath(under, { account, service }, at)), { account, service, generation: at, previous });
          if (previousSecret !== null) learn(previousSecret, true);
          learn(secret, false);
        }
      }
    }
    this.#known = known;
    this.#knownAt = current;
  }
}

function digest(path: string): string {
  return createHash('sha256').update(path).digest('base64');
}
