/** PostgreSQL takes 8,000 bytes. */
const MOST_PAYLOAD = 7_900;

/** As few messages as have room for all topics. A topic has no line break. */
export function payloadsOf(origin: string, topics: Iterable<string>): string[] {
  const payloads: string[] = [];
  let payload = origin;
  for (const topic of topics) {
    if (Buffer.byteLength(payload) + Buffer.byteLength(topic) + 1 > MOST_PAYLOAD) {
      payloads.push(payload);
      payload = origin;
    }
    payload += `\n${topic}`;
  }
  return [...payloads, payload];
}
