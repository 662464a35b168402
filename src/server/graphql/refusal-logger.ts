import type { Logger } from '../../logger.ts';
import { RareLines } from '../../lib/log-throttle.ts';

/** What a stranger tries, and what a proxy or a setting that is wrong does to everybody: the status does not tell which. */
const REASONS = {
  421: 'Host is not one of M2M_GRAPHQL_HOSTS. A proxy must pass on the name it was asked by, and the name must be listed.',
  403: 'Origin is neither one of M2M_GRAPHQL_ORIGINS nor that of the gateway itself, by the Host that a proxy passes on.',
  426: 'A WebSocket handshake came without Upgrade and Connection: a proxy in front does not pass them on.',
} as const;

export type RefusedAsker = keyof typeof REASONS;

/** Told to the operator at most once a minute of each kind: whoever asks is a browser, which shows nobody why it was refused. */
export function createTellRefused(logger: Logger, listener: 'graphql' | 'websocket'): (status: RefusedAsker) => void {
  const rare = new RareLines(() => performance.now());
  return (status) => {
    const count = rare.count(String(status));
    if (count !== null) logger.warn('graphql_refused', { listener, status, count, reason: REASONS[status] });
  };
}
