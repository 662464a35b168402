/** Small facts that survive a restart. */
export interface Facts {
  recall(key: string): Promise<string | null>;
  remember(key: string, value: string | null): Promise<void>;
}

/**
 * How a login ended. `UNTOUCHED`: certainly no password was looked at. `UNANSWERED`: no answer, or one that says that it could not
 * be done now. `STRANGE`: something else answered, for example a firewall.
 */
export type LoginEnd = 'DONE' | 'REFUSED' | 'UNTOUCHED' | 'UNANSWERED' | 'STRANGE';

const REFUSED = 'login-latch';
const TRIES = 'login-tries';

interface Note {
  readonly fingerprint: string;
  /** A login with these credentials has succeeded before. */
  readonly worked: boolean;
  /** How many logins in a row ended without a word of the carrier, how many of these were STRANGE, and when the last one was. */
  readonly tries: number;
  readonly strange: number;
  readonly at: number;
}

/** Pauses after the 1st, 2nd and 3rd try. */
const FIRST_PAUSES_MS = [0, 5_000, 60_000] as const;
const OUTAGE_PAUSE_MS = 5 * 60_000;
const STRANGE_PAUSE_MS = 30 * 60_000;
/** Credentials that never worked may be wrong, and what stands in front of the carrier may hide that they are refused. */
const UNPROVEN_PAUSE_MS = 24 * 3_600_000;

/**
 * Decides whether a login may be tried. The fifth refusal in a row locks the account, and only Verizon's support unlocks it. So one
 * refusal stops all logins with these credentials. A login that ended without a word of the carrier may have been refused too: it is
 * tried again, but at a growing pace. All of it is remembered over restarts, each try before it leaves: an orchestrator restarts a
 * process for ever.
 */
export class LoginBudget {
  readonly #facts: Facts;
  readonly #fingerprint: string;
  readonly #now: () => number;

  /** @param fingerprint of the credentials. Other credentials begin anew. */
  constructor(facts: Facts, fingerprint: string, now: () => number) {
    this.#facts = facts;
    this.#fingerprint = fingerprint;
    this.#now = now;
  }

  async isRefused(): Promise<boolean> {
    return (await this.#facts.recall(REFUSED)) === this.#fingerprint;
  }

  /** How long the next login must wait, in milliseconds; 0 when it may be tried now. */
  async waitMs(): Promise<number> {
    const note = await this.#read();
    const { tries, strange, worked, at } = note;
    const now = this.#now();
    const pauseMs = Math.max(pauseAfter(tries, OUTAGE_PAUSE_MS), pauseAfter(strange, worked ? STRANGE_PAUSE_MS : UNPROVEN_PAUSE_MS));
    // The clock was set back since. The pause begins anew, and no later clock can prolong it.
    if (at > now) await this.#write({ ...note, at: now });
    return Math.max(Math.min(at, now) + pauseMs - now, 0);
  }

  /** Counts a try. Call it before the login leaves; the function it returns notes how it ended. */
  async begin(): Promise<(end: LoginEnd) => Promise<void>> {
    const before = await this.#read();
    const trying: Note = { ...before, tries: before.tries + 1, at: this.#now() };
    await this.#write(trying);
    return async (end) => {
      if (end === 'UNTOUCHED') return this.#write(before);
      if (end === 'STRANGE') return this.#write({ ...trying, strange: trying.strange + 1, at: this.#now() });
      if (end === 'UNANSWERED') return this.#write({ ...trying, at: this.#now() });
      if (end === 'REFUSED') await this.#facts.remember(REFUSED, this.#fingerprint);
      await this.#write({ ...trying, worked: end === 'DONE', tries: 0, strange: 0 });
    };
  }

  /** Allows a login now, whatever was before. */
  async reset(): Promise<void> {
    await this.#facts.remember(REFUSED, null);
    await this.#write({ ...(await this.#read()), tries: 0, strange: 0 });
  }

  async #read(): Promise<Note> {
    const known = JSON.parse((await this.#facts.recall(TRIES)) ?? 'null') as Note | null;
    if (known?.fingerprint === this.#fingerprint) return known;
    return { fingerprint: this.#fingerprint, worked: false, tries: 0, strange: 0, at: 0 };
  }

  #write(value: Note): Promise<void> {
    return this.#facts.remember(TRIES, JSON.stringify(value));
  }
}

function pauseAfter(tries: number, longestMs: number): number {
  return tries === 0 ? 0 : (FIRST_PAUSES_MS[tries - 1] ?? longestMs);
}
