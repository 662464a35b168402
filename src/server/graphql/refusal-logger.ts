import type { Logger } from '../../logger.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';

/** Statuses that the operator hears of. Each may be a stranger's try, or a wrong proxy or setting that shuts everybody out. */
const REASONS: Readonly<Record<number, string>> = {
  421: 'Host is not one of M2M_GRAPHQL_HOSTS. A proxy must pass on the name it was asked by, and the name must be listed.',
  403: 'Origin is neither one of M2M_GRAPHQL_ORIGINS nor that of the gateway itself, by the Host that a proxy passes on.',
  426: 'A WebSocket handshake came without Upgrade and Connection: a proxy in front does not pass them on.',
};

/** Logs each kind of refusal at most once a minute: the browser that was refused shows nobody why. */
export function createRefusalLogger(logger: Logger, listener: 'graphql' | 'websocket'): (status: number) => void {
  const throttle = new LogThrottle(() => performance.now());
  return (status) => {
    const reason = REASONS[status];
    if (reason === undefined) return;
    const count = throttle.count(String(status));
    if (count !== null) logger.warn('graphql_refused', { listener, status, count, reason });
  };
}
