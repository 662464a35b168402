import { wso2Faults } from '../auth/wso2-fault.ts';
import type { EndpointFault, FaultBody } from '../faults/endpoint-faults.ts';
import type { Answer } from './route.ts';

const xmlFault =
  '<am:fault xmlns:am="http://wso2.org/apimanager"><am:code>404</am:code><am:type>Status report</am:type>' +
  '<am:message>Not Found</am:message><am:description>The requested resource is not available.</am:description></am:fault>';

const bodies: Readonly<Record<Exclude<FaultBody, 'endless'>, { text: string; contentType: string }>> = {
  empty: { text: '', contentType: 'application/json' },
  'empty-object': { text: '{}', contentType: 'application/json' },
  html: { text: '<html><body><h1>Service Unavailable</h1></body></html>', contentType: 'text/html' },
  'numeric-request-id': { text: '{"requestId":12345}', contentType: 'application/json' },
  'truncated-json': { text: '{"requestId":"595f5c44-c31c-4552-8670', contentType: 'application/json' },
  'xml-fault': { text: xmlFault, contentType: 'application/xml' },
};

/** What a firewall in front of the carrier answers. */
export const firewallAnswer = (status: number): Answer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. Your support ID is: 4711</body></html>',
});

/** The body that the carrier, or a machine in front of it, sends with a status. */
function bodyOfStatus(status: number): { text: string; contentType: string } {
  if (status === 429) return { text: JSON.stringify(wso2Faults.throttled.body), contentType: 'application/json' };
  if (status === 500) {
    const errorCode = 'UnifiedWebService.REQUEST_FAILED.UnexpectedError';
    const errorMessage = 'Unexpected error occurred. Could not complete request.';
    return { text: JSON.stringify({ errorCode, errorMessage }), contentType: 'application/json' };
  }
  return status > 500 ? bodies.html : bodies.empty;
}

/** The answer under a fault rule: the real one, changed where the rule says so. `endless` bodies are not made here. */
export function faultAnswer(fault: EndpointFault, real: Answer): Answer {
  const status = fault.status ?? real.status;
  const headers = { ...real.headers, ...fault.headers };
  const body =
    typeof fault.body === 'object'
      ? { text: fault.body.text, contentType: 'application/json' }
      : fault.body !== undefined && fault.body !== 'endless'
        ? bodies[fault.body]
        : fault.status !== undefined
          ? bodyOfStatus(fault.status)
          : undefined;
  if (body === undefined) return { ...real, status, headers };
  return { ...real, status, headers: { 'content-type': body.contentType, ...headers }, body: body.text };
}
