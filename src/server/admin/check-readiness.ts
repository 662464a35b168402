import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { Session } from '../../datasources/thingspace/session.ts';
import type { RegistrationKeeper } from '../../resolvers/callbacks/keep-registrations.ts';

interface Sources {
  readonly requestLog: RequestLog;
  readonly session: Session;
  readonly registrations: RegistrationKeeper;
  readonly isDraining: () => boolean;
}

/** Whether the gateway can do its work now. The registrations are told too, but they never make it unready. */
export async function checkReadiness({ requestLog, session, registrations, isDraining }: Sources) {
  const store = await requestLog.probe().then(
    () => 'ok',
    () => 'failing',
  );
  const login = (await session.isLatched()) ? 'refused by the carrier' : 'ok';
  return {
    ready: store === 'ok' && login === 'ok' && !isDraining(),
    checks: { store, login, ...registrations.checks, ...(isDraining() && { draining: 'yes' }) },
  };
}
