import type { Issuer } from './start-issuer.ts';

/** Has a gateway take the tokens of `issuer`. */
export function issuerEnv({ name, audience, jwksUrl }: Pick<Issuer, 'name' | 'audience' | 'jwksUrl'>): Record<string, string> {
  return { M2M_JWT_ISSUER: name, M2M_JWT_AUDIENCE: audience, M2M_JWT_JWKS_URL: jwksUrl };
}
