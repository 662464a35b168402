import { decodeText, readForeignJson, unpack, type ForeignBytes } from './foreign-bytes.ts';

/**
 * Reads an answer of the carrier as every message of it is read: whatever its compression and charset.
 *
 * @returns its text, and the text as JSON (undefined when it is not JSON); null when it would unpack to more than `maxBytes`.
 */
export async function readAnswer(
  answer: ForeignBytes,
  maxBytes: number,
): Promise<{ readonly text: string; readonly body: unknown } | null> {
  const unpacked = await unpack(answer, maxBytes);
  if (!unpacked) return null;
  const text = decodeText(unpacked) ?? Buffer.from(unpacked.bytes).toString('latin1');
  return { text, body: readForeignJson(text) };
}
