import { randomUUID } from 'node:crypto';
import { textOf, type Json } from './json.ts';
import type { Answer } from './spellings.ts';

interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** The two tokens, and what a call without a good one is answered. */
export class Sessions {
  readonly clientId = 'application-key';
  readonly clientSecret = 'application-secret-of-the-second-carrier';
  readonly username = 'uws-user';
  readonly password = 'uws-password-of-the-second-carrier';
  #bearer = randomUUID();
  #session = '';
  #ended = false;

  /** The hour of the bearer is over. */
  endBearer(): void {
    this.#bearer = randomUUID();
  }

  /** Twenty minutes without a call are over. */
  endSession(): void {
    this.#ended = true;
  }

  token({ headers, text }: Call): Answer {
    const basic = `Basic ${Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64')}`;
    if (headers['authorization'] !== basic) return oauthError(401, 'invalid_client', 'Client Authentication failed.');
    if (!textOf(headers['content-type']).startsWith('application/x-www-form-urlencoded'))
      return oauthError(400, 'invalid_request', 'No form.');
    const grant = new URLSearchParams(text).get('grant_type');
    if (grant !== 'client_credentials') return oauthError(400, 'invalid_request', 'Missing grant_type parameter value');
    return { status: 200, body: { access_token: this.#bearer, scope: 'default', token_type: 'Bearer', expires_in: 3_600 } };
  }

  login(body: Json): Answer {
    if (body['username'] !== this.username || body['password'] !== this.password)
      return refusal('INPUT_INVALID.Password.Invalid', 'Wrong password.');
    this.#session = randomUUID();
    this.#ended = false;
    return { status: 200, body: { sessionToken: this.#session } };
  }

  /** Why this call is not looked at; null when both its tokens are good. */
  refuse({ path, headers }: Call): Answer | null {
    const bearer = textOf(headers['authorization']);
    if (bearer === '') return fault('900902', 'Missing Credentials', 'Required OAuth credentials not provided.');
    if (bearer !== `Bearer ${this.#bearer}`)
      return fault(
        '900901',
        'Invalid Credentials',
        'Access failure for API: /m2m/v1, version: v1. Make sure you have given the correct access token',
      );
    if (path === '/m2m/v1/session/login') return null;
    const session = textOf(headers['vz-m2m-token']);
    if (session === '') return refusal('REQUEST_FAILED.SessionToken.Format', 'No session token.');
    if (session !== this.#session) return refusal('INPUT_INVALID.SessionToken.Invalid', 'Unknown session token.');
    return this.#ended ? refusal('REQUEST_FAILED.SessionToken.Expired', 'The session token has expired.') : null;
  }
}

const oauthError = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});

const fault = (code: string, message: string, description: string): Answer => ({
  status: 401,
  body: { fault: { code, message, description } },
});

/** "Session failures are HTTP 400 (not 401) with the normal envelope." */
const refusal = (code: string, message: string): Answer => ({
  status: 400,
  body: { errorCode: `UnifiedWebService.${code}`, errorMessage: message },
});
