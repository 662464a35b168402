import type { ExecutionResult } from 'graphql';

const compressible = new WeakSet<object>();
const cursors = new WeakMap<object, string>();

/**
 * What the doors must know of a result beside what it says. A result may be shared by many sockets and streams. One that is
 * changed on its way, because it has errors, is a new object without notes.
 */
export const resultNotes = {
  /**
   * The result holds no secret. Only such results are compressed: the length of a compressed answer tells whether a secret in it is
   * like a text beside it that somebody else has chosen (BREACH).
   */
  allowCompression: (result: ExecutionResult): void => void compressible.add(result),
  mayCompress: (result: object): boolean => compressible.has(result),
  /** The cursor of an event, for `Last-Event-ID`. */
  setCursor: (result: ExecutionResult, cursor: string): void => void cursors.set(result, cursor),
  cursorOf: (result: object): string | undefined => cursors.get(result),
};
