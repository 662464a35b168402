import type { DocumentNode } from 'graphql';

interface Pooled {
  readonly document: DocumentNode;
  readonly length: number;
  readonly uses: Map<string, number>;
}

/**
 * The parsed documents of open subscriptions. Subscriptions with the same text share one document. A parsed document takes about
 * 200 bytes of memory for each character of its text, for as long as a subscription uses it.
 */
export class DocumentPool {
  readonly #maxCharacters: number;
  readonly #pooled = new Map<string, Pooled>();
  readonly #characters = new Map<string, number>();

  /** @param maxCharacters of all texts that one caller uses. */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** @returns the document that all subscriptions of this text share. Null, and nothing is held, if the caller's texts would be too long. */
  acquire(caller: string, document: DocumentNode): DocumentNode | null {
    const text = textOf(document);
    const pooled = this.#pooled.get(text) ?? { document, length: text.length, uses: new Map<string, number>() };
    const uses = pooled.uses.get(caller) ?? 0;
    if (uses === 0) {
      const before = this.#characters.get(caller) ?? 0;
      if (before > 0 && before + pooled.length > this.#maxCharacters) return null;
      this.#characters.set(caller, before + pooled.length);
    }
    pooled.uses.set(caller, uses + 1);
    this.#pooled.set(text, pooled);
    return pooled.document;
  }

  release(caller: string, document: DocumentNode): void {
    const text = textOf(document);
    const pooled = this.#pooled.get(text);
    const uses = pooled?.uses.get(caller) ?? 0;
    if (!pooled || uses === 0) return;
    if (uses > 1) return void pooled.uses.set(caller, uses - 1);
    pooled.uses.delete(caller);
    if (pooled.uses.size === 0) this.#pooled.delete(text);
    const left = (this.#characters.get(caller) ?? 0) - pooled.length;
    if (left > 0) this.#characters.set(caller, left);
    else this.#characters.delete(caller);
  }
}

function textOf({ loc }: DocumentNode): string {
  return loc?.source.body ?? '';
}
