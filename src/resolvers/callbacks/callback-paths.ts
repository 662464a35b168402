import { createHash, createHmac } from 'node:crypto';
import { CALLBACK_PREFIX, CALLBACK_SERVICES, type CallbackService } from '../../datasources/thingspace/wire/callback-service.ts';
import type { CallbackGeneration, GenerationStanding } from './callback-generation.ts';

export interface CallbackAddress {
  readonly account: string;
  readonly service: CallbackService;
}

export interface PathOrigin {
  readonly generation: number;
  readonly standing: GenerationStanding;
  /** Whether it was made with the secret before the current one. */
  readonly previous: boolean;
}

interface CallbackPathsOptions {
  readonly accounts: readonly string[];
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly generation: CallbackGeneration;
}

type Known = CallbackAddress & Omit<PathOrigin, 'standing'>;

/** A restored store may be older than the last rotations. So paths of so many later generations are recognised. */
const RECOGNISED_AHEAD = 100;

/** Makes the path of one account and service. Nobody can make it without the secret, and it is stored nowhere. */
export function makeCallbackPath(secret: string, { account, service }: CallbackAddress, generation = 0): string {
  const name = generation === 0 ? `${account}\n${service}` : `${account}\n${service}\n${generation}`;
  return CALLBACK_PREFIX + createHmac('sha256', secret).update(name).digest('base64url');
}

/** The callback paths of this gateway, made with the current secret and with the one before. */
export class CallbackPaths {
  readonly #options: CallbackPathsOptions;
  readonly #secrets: readonly { readonly secret: string; readonly previous: boolean }[];
  /** By the SHA-256 of the path: so the time of a miss does not tell how near it was. */
  #known: ReadonlyMap<string, Known> = new Map();
  #knownAt = -1;

  constructor(options: CallbackPathsOptions) {
    const { secret, previousSecret } = options;
    this.#options = options;
    this.#secrets = [{ secret, previous: false }, ...(previousSecret === null ? [] : [{ secret: previousSecret, previous: true }])];
    this.#learn();
  }

  pathOf(address: CallbackAddress): string {
    return makeCallbackPath(this.#options.secret, address, this.#options.generation.current);
  }

  /** What a path, without its query, stands for; null when it is not ours or not taken any more. */
  find(path: string): (CallbackAddress & PathOrigin) | null {
    const { generation } = this.#options;
    // The last part is the proof. A proxy may leave a prefix of its own in front; no callback is lost for that.
    const at = path.lastIndexOf(CALLBACK_PREFIX);
    if (at === -1) return null;
    if (this.#knownAt !== generation.current) this.#learn();
    const known = this.#known.get(digest(path.slice(at)));
    if (!known) return null;
    // A rotation by another thread or gateway, which this one has not read yet. Nobody else knows the path.
    const standing = known.generation > generation.current ? 'CURRENT' : generation.standingOf(known.generation);
    return standing === 'LAPSED' ? null : { ...known, standing };
  }

  /** How a path was made that the carrier has for an account and service. */
  recognise(address: CallbackAddress, path: string): PathOrigin {
    const { generation } = this.#options;
    for (let at = 0; at <= generation.current + RECOGNISED_AHEAD; at++) {
      const made = this.#secrets.find(({ secret }) => path === makeCallbackPath(secret, address, at));
      if (made) return { generation: at, standing: generation.standingOf(at), previous: made.previous };
    }
    // Made with a secret that we no longer know.
    return { generation: 0, standing: 'LAPSED', previous: true };
  }

  #learn(): void {
    const { accounts, generation } = this.#options;
    const known = new Map<string, Known>();
    const taken = [generation.current - 1, generation.current, generation.current + 1].filter((at) => at >= 0);
    for (const account of accounts)
      for (const service of CALLBACK_SERVICES)
        for (const at of taken)
          for (const { secret, previous } of this.#secrets)
            known.set(digest(makeCallbackPath(secret, { account, service }, at)), { account, service, generation: at, previous });
    this.#known = known;
    this.#knownAt = generation.current;
  }
}

function digest(path: string): string {
  return createHash('sha256').update(path).digest('base64');
}
