import { z } from 'zod';
import type { Sessions } from '../auth/sessions.ts';
import { ok, type Route } from '../http/route.ts';
import { parseJsonBody } from '../http/request-body.ts';
import type { Ledger } from '../ledger.ts';

const loginBody = z.looseObject({ username: z.string(), password: z.string() });
const resetBody = z.looseObject({ oldPassword: z.string() });

/** Login, logout and password reset of the UWS user. Callbacks keep coming after a logout. */
export function sessionRoutes(sessions: Sessions, ledger: Ledger): Route[] {
  return [
    {
      endpoint: 'login',
      method: 'POST',
      path: '/api/m2m/v1/session/login',
      guard: 'bearer',
      dialect: 'business',
      handle: ({ body }) => {
        const { username, password } = parseJsonBody(body, loginBody);
        try {
          return ok({ sessionToken: sessions.login(username, password) });
        } catch (refusal) {
          ledger.counts.loginsRefused += 1;
          throw refusal;
        }
      },
    },
    {
      endpoint: 'logout',
      method: 'POST',
      path: '/api/m2m/v1/session/logout',
      guard: 'session',
      dialect: 'business',
      handle: ({ session }) => {
        sessions.logout(session);
        return ok({ sessionToken: session });
      },
    },
    {
      endpoint: 'passwordReset',
      method: 'PUT',
      path: '/api/m2m/v1/session/password/actions/reset',
      guard: 'session',
      dialect: 'business',
      handle: ({ body }) => ok({ newPassword: sessions.resetPassword(parseJsonBody(body, resetBody).oldPassword) }),
    },
  ];
}
