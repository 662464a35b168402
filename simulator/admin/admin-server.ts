import { createServer, type Server } from 'node:http';
import { z } from 'zod';
import { readBody } from '../http/request-body.ts';
import { sendAnswer } from '../http/send-answer.ts';
import type { Simulator } from '../simulator.ts';
import { adminRoutes } from './admin-routes.ts';

/** The admin API: JSON over HTTP under `/admin`. Not yet listening. Bad input is 400 `{ error }`, an unknown path 404. */
export function createAdminServer(simulator: Simulator): Server {
  const routes = adminRoutes(simulator);
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://admin');
    const route = routes[`${request.method} ${url.pathname.replace(/\/$/, '')}`];
    if (route === undefined) {
      request.resume();
      sendAnswer(response, { status: 404, body: { error: 'No such command.', commands: Object.keys(routes) } });
      return;
    }
    readBody(request)
      .then(async (text) => route(text === '' ? {} : JSON.parse(text), url.searchParams))
      .then((body) => sendAnswer(response, { status: 200, body: body ?? { done: true } }))
      .catch((error: unknown) => sendAnswer(response, { status: 400, body: { error: describe(error) } }));
  });
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}
