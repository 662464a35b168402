import type { BearerTokens } from '../auth/bearer-tokens.ts';
import { wso2Faults } from '../auth/wso2-fault.ts';
import { type Answer, type ApiRequest, ok, type Route } from '../http/route.ts';
import type { Credentials } from '../options.ts';

const oauthError = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});

/** The OAuth endpoints (page "Getting Credentials"). The path of revoke follows WSO2's convention (inferred). */
export function tokenRoutes(tokens: BearerTokens, credentials: Credentials): Route[] {
  const expected = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
  const guarded =
    (handle: (form: URLSearchParams) => Answer) =>
    (request: ApiRequest): Answer => {
      const basic = /^basic\s+(\S+)$/i.exec(request.headers['authorization']?.toString() ?? '')?.[1];
      if (basic === undefined) return wso2Faults.missingBasic;
      if (basic !== expected) return oauthError(401, 'invalid_client', 'A valid OAuth client could not be found.');
      const form = isForm(request) ? new URLSearchParams(request.body) : new URLSearchParams();
      const grant = form.get('grant_type');
      if (!grant) return oauthError(400, 'invalid_request', 'Missing grant_type parameter value');
      if (grant !== 'client_credentials') {
        return oauthError(400, 'unsupported_grant_type', `Unsupported grant_type value: ${grant}`);
      }
      return handle(form);
    };
  const common = { method: 'POST', guard: 'none', dialect: 'business' } as const;
  return [
    {
      ...common,
      endpoint: 'token',
      path: '/api/ts/v1/oauth2/token',
      handle: guarded(() => {
        const { token, expiresInS } = tokens.issue();
        return ok({
          access_token: token,
          scope: 'ts.read ts.write',
          token_type: 'Bearer',
          expires_in: expiresInS,
        });
      }),
    },
    {
      ...common,
      endpoint: 'revoke',
      path: '/api/ts/v1/oauth2/revoke',
      handle: guarded((form) => {
        tokens.revoke(form.get('token') ?? '');
        return ok(undefined);
      }),
    },
  ];
}

function isForm(request: ApiRequest): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type']?.toString() ?? '');
}
