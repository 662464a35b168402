import type { DocumentNode } from 'graphql';

interface Kept {
  readonly document: DocumentNode;
  readonly length: number;
  /** Subscriptions that follow with it, by caller. */
  readonly open: Map<string, number>;
}

/**
 * What open subscriptions keep of documents, each text once however many follow with it. Parsed, a text takes about 200
 * times its characters of memory for as long as its subscription is open.
 */
export class KeptDocuments {
  readonly #maxCharacters: number;
  readonly #kept = new Map<string, Kept>();
  /** Of the texts that a caller follows with. */
  readonly #characters = new Map<string, number>();

  /** @param maxCharacters of the texts of one caller. */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** The document to follow with, which is the one that others of its text have; null, and nothing kept, where it would be too much. */
  enter(caller: string, document: DocumentNode): DocumentNode | null {
    const text = textOf(document);
    const kept = this.#kept.get(text) ?? { document, length: text.length, open: new Map<string, number>() };
    const open = kept.open.get(caller) ?? 0;
    if (open === 0) {
      const before = this.#characters.get(caller) ?? 0;
      if (before > 0 && before + kept.length > this.#maxCharacters) return null;
      this.#characters.set(caller, before + kept.length);
    }
    kept.open.set(caller, open + 1);
    this.#kept.set(text, kept);
    return kept.document;
  }

  leave(caller: string, document: DocumentNode): void {
    const text = textOf(document);
    const kept = this.#kept.get(text);
    const open = kept?.open.get(caller) ?? 0;
    if (!kept || open === 0) return;
    if (open > 1) return void kept.open.set(caller, open - 1);
    kept.open.delete(caller);
    if (kept.open.size === 0) this.#kept.delete(text);
    const left = (this.#characters.get(caller) ?? 0) - kept.length;
    if (left > 0) this.#characters.set(caller, left);
    else this.#characters.delete(caller);
  }
}

function textOf({ loc }: DocumentNode): string {
  return loc?.source.body ?? '';
}
