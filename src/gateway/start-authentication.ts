import type { Config } from '../config/config.ts';
import { KeyRing } from '../resolvers/access/key-ring.ts';
import { Authenticator } from '../server/identity/authenticator.ts';
import { IssuerKeysOfUrl, readIssuerKeys } from '../server/identity/issuer-keys.ts';
import { LogThrottle } from '../lib/log-throttle.ts';
import { JwtVerifier } from '../server/identity/jwt-verifier.ts';
import type { SharedParts } from './shared-parts.ts';

export async function startAuthentication(config: Config, { store, hub, metrics, logger, clock, undo }: SharedParts) {
  const { now } = clock;
  const isTimeInDoubt = () => clock.jump !== null;
  const keys = undo.use(
    await KeyRing.open({ store, accounts: config.accounts, now, onFailure: (error) => logger.error('api_keys_not_read', { error }) }),
  );
  // Every follower then checks again whether it may still read: a right that is taken away is gone at once.
  undo.defer(keys.onChange(() => hub.wakeAll()));
  const throttle = new LogThrottle(now);
  const jwts = createJwtVerifier(config, { logger, clock, undo }, isTimeInDoubt);
  const authenticator = new Authenticator({
    on: config.auth,
    keys,
    jwts,
    isTimeInDoubt,
    onRefused: (reason) => {
      metrics.authenticationsRefused.inc({ reason: reason.toLowerCase() });
      const count = throttle.count(reason);
      if (count !== null) logger.warn('authentication_refused', { reason: reason.toLowerCase(), count });
    },
  });
  if (!config.auth)
    logger.info('authentication_off', { reason: 'M2M_AUTH=off: whoever reaches GraphQL on this machine may do everything' });
  if (config.auth && jwts === null && !keys.list().some(({ state }) => state === 'valid'))
    logger.warn('nobody_may_ask', {
      reason: 'no API key is valid and no issuer of JWTs is configured: npm run keys -- create NAME --account ACCOUNT:read',
    });
  return { keys, authenticator };
}

function createJwtVerifier(
  { auth, jwtIssuer: issuer, jwtAudience: audience, jwksFile, jwksUrl, jwtClaim: claim, accounts }: Config,
  { logger, clock, undo }: Pick<SharedParts, 'logger' | 'clock' | 'undo'>,
  isTimeInDoubt: () => boolean,
): JwtVerifier | null {
  if (!auth || issuer === null || audience === null) return null;
  const { now, hear } = clock;
  const keys =
    jwksUrl === null
      ? readIssuerKeys(jwksFile ?? '')
      : new IssuerKeysOfUrl({ url: jwksUrl, now, onDate: hear, onFailure: (error) => logger.warn('issuer_keys_not_fetched', { error }) });
  return undo.use(new JwtVerifier({ keys, issuer, audience, claim, accounts, now, isTimeInDoubt }));
}
