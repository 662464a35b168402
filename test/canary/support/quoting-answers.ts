import { canary } from '../canaries.ts';
import type { Heard, OddAnswer } from './marked-carrier.ts';

/** Everything it was sent, tokens and body and all, as an error message might have it. */
function everything({ text }: Heard): string {
  return `${canary('carrierWords')}: cannot process ${text}`;
}

/** An element of XML must not hold another. */
function inXml({ text }: Heard): string {
  return text.replaceAll('<', ' ').slice(-450);
}

/** Answers that repeat what was sent, in each of the carrier's forms of an error and in none of them. */
export const quoting = {
  business: (status = 400): OddAnswer => ({
    status,
    body: (heard) => JSON.stringify({ errorCode: 'INPUT_INVALID.Request', errorMessage: everything(heard) }),
  }),
  code: (status = 400): OddAnswer => ({
    status,
    body: (heard) => JSON.stringify({ errorCode: everything(heard), errorMessage: 'See the code.' }),
  }),
  gateway: (status = 403): OddAnswer => ({
    status,
    body: (heard) => JSON.stringify({ fault: { code: 900_906, message: everything(heard), description: heard.text } }),
  }),
  xml: (status = 404): OddAnswer => ({
    status,
    type: 'text/xml',
    body: (heard) => `<am:fault><am:code>404</am:code><am:message>${inXml(heard)}</am:message></am:fault>`,
  }),
  oauth: {
    status: 401,
    body: ({ text }) => JSON.stringify({ error: 'invalid_client', error_description: `${canary('oauthWords')} ${text}` }),
  } satisfies OddAnswer,
  login: {
    status: 400,
    body: ({ text }) =>
      JSON.stringify({ errorCode: 'UnifiedWebService.INPUT_INVALID.Password.Invalid', errorMessage: `${canary('loginWords')} ${text}` }),
  } satisfies OddAnswer,
  html: (status = 500): OddAnswer => ({
    status,
    type: 'text/html',
    body: ({ text }) => `<html><h1>${canary('carrierHtml')}</h1><pre>${text}</pre></html>`,
  }),
  garbage: { status: 200, body: ({ text }) => `{"requestId": "${canary('carrierGarbage')} ${text}` } satisfies OddAnswer,
  noHttp: { status: 0, body: ({ text }) => text, how: 'raw' } satisfies OddAnswer,
  cut: { status: 200, body: ({ text }) => text, how: 'cut' } satisfies OddAnswer,
} as const;
