import * as z from 'zod';
import type { Facts } from '../../datasources/request-log/store.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { LateStore } from './late-store.ts';

const noteShape = z.object({ value: z.string().nullable() });

interface KeptFactsOptions {
  readonly shared: LateStore;
  /** Of this gateway alone. */
  readonly journal: Facts;
  /** What was read could not be noted in the journal. */
  readonly onNotKept: (error: unknown) => void;
}

/**
 * Facts of the shared store, for a start that may have to do without it. The journal notes what was read last, and is read instead
 * until the shared store is open.
 */
export class KeptFacts implements Facts {
  readonly #options: KeptFactsOptions;

  constructor(options: KeptFactsOptions) {
    this.#options = options;
  }

  /** Whether a fact is known without the shared store. */
  async isKnown(key: string): Promise<boolean> {
    return (await this.#readNote(key)) !== null;
  }

  /** Waits for the shared store when nothing else knows the fact. */
  async recall(key: string): Promise<string | null> {
    const { shared, onNotKept } = this.#options;
    if (!shared.isOpen) {
      const note = await this.#readNote(key);
      if (note) return note.value;
      await shared.opened;
    }
    const value = await shared.parts.facts.recall(key);
    // A journal that fails must not hide what the shared store says.
    await this.#note(key, value).catch(onNotKept);
    return value;
  }

  remember(key: string, value: string | null): Promise<void> {
    return this.#options.shared.parts.facts.remember(key, value);
  }

  async #readNote(key: string): Promise<{ readonly value: string | null } | null> {
    const note = noteShape.safeParse(parseJson((await this.#options.journal.recall(nameOf(key))) ?? 'null'));
    return note.success ? note.data : null;
  }

  async #note(key: string, value: string | null): Promise<void> {
    const note = await this.#readNote(key);
    if (note?.value !== value) await this.#options.journal.remember(nameOf(key), JSON.stringify({ value }));
  }
}

function nameOf(key: string): string {
  return `kept ${key}`;
}
