import type { Caller, Identity } from '../../../src/resolvers/access/caller.ts';
import { IssuerKeysOfUrl } from '../../../src/server/identity/issuer-keys.ts';
import { JwtVerifier } from '../../../src/server/identity/jwt-verifier.ts';
import { refusalOf } from './refusal-of.ts';
import type { Issuer } from '../../support/start-issuer.ts';

/** A verifier whose clock the test sets forward. */
export function openVerifier(from: Issuer, options: { readonly claim?: string } = {}) {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const failures: string[] = [];
  let isTimeInDoubt = false;
  const verifier = new JwtVerifier({
    keys: new IssuerKeysOfUrl({ url: from.jwksUrl, now, onFailure: ({ message }) => failures.push(message) }),
    issuer: from.name,
    audience: from.audience,
    claim: 'm2m',
    accounts: ['0868924207-00001', '0868924207-00002'],
    now,
    isTimeInDoubt: () => isTimeInDoubt,
    ...options,
  });
  return {
    failures,
    advance: (ms: number) => void (ahead += ms),
    doubtTheTime: (inDoubt: boolean) => void (isTimeInDoubt = inDoubt),
    verify: (token: string) => verifier.verify(token),
    /** The caller, or why there is none. */
    outcome: (token: string) => verifier.verify(token).then(callerNow, refusalOf),
    [Symbol.asyncDispose]: () => verifier[Symbol.asyncDispose](),
  };
}

function callerNow(identity: Identity): Caller | null {
  return identity.current();
}
