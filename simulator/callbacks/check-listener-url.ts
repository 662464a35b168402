import { Refusal } from '../refusal.ts';

/** Ports the carrier calls: 80, 443, 9001-9006, 50551-50559, 28200-28220 (page "Register Callback Listener"). */
const portRanges = [
  [80, 80],
  [443, 443],
  [9001, 9006],
  [50551, 50559],
  [28200, 28220],
] as const;

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Refuses what is not an http(s) URL on an allowed port; `anyLoopbackPort` lifts the port rule for loopback hosts. */
export function checkListenerUrl(text: string, anyLoopbackPort: boolean): void {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new Refusal('INPUT_INVALID.Url.Invalid', 'The callback URL is not a valid http or https URL.');
  }
  if (anyLoopbackPort && isLoopback(url.hostname)) return;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (!portRanges.some(([first, last]) => port >= first && port <= last)) {
    throw new Refusal('INPUT_INVALID.Url.Port', 'The port of the callback URL is not allowed.');
  }
}
