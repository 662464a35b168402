import type { Logger } from '../../logger.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';

/** The refusals that are logged. Each may be a stranger's try, or a wrong proxy or setting that keeps every caller out. */
const REASONS: Readonly<Record<number, string>> = {
  421: 'Host is not one of M2M_GRAPHQL_HOSTS. A proxy must pass the Host of the request on, and its name must be listed.',
  403: 'Origin is not one of M2M_GRAPHQL_ORIGINS, and not the gateway’s own. The own origin is known by the Host that a proxy passes on.',
  426: 'A WebSocket handshake came without Upgrade and Connection. A proxy in front does not pass them on.',
};

/** Logs each kind of refusal at most once a minute. The log is the only place that tells why, because a browser shows it to nobody. */
export function createRefusalLogger(logger: Logger, listener: 'graphql' | 'websocket'): (status: number) => void {
  const throttle = new LogThrottle(() => performance.now());
  return (status) => {
    const reason = REASONS[status];
    if (reason === undefined) return;
    const count = throttle.count(String(status));
    if (count !== null) logger.warn('graphql_refused', { listener, status, count, reason });
  };
}
