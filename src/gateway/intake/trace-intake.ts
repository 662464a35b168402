import type { CallbackIntake } from '../../datasources/request-log/callback-intake.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { guidOf } from '../../datasources/thingspace/wire/carrier-request-id.ts';
import { inSpan } from '../../lib/trace.ts';

/**
 * What stores callbacks, with a span for each commit. No trace goes through the carrier, so the ids tie a callback to the mutation that
 * it answers. An id of the carrier that is no GUID is a stranger's text, and is left out.
 */
export function traceIntake({ intake, requests }: Pick<Store, 'intake' | 'requests'>): CallbackIntake {
  const findRequest = (id: string) =>
    requests.findByCarrierRequestId(id).then(
      (request) => request?.id,
      // The message is committed, whatever becomes of this.
      () => null,
    );
  return {
    append(callback) {
      const carrierRequestId = guidOf(callback.message.requestId ?? '');
      const attributes = { 'm2m.callback.service': callback.service, 'm2m.carrier_request.id': carrierRequestId };
      return inSpan('callback commit', attributes, async (span) => {
        const outcome = await intake.append(callback);
        span.note({ 'm2m.callback.outcome': outcome });
        if (span.isRecorded && carrierRequestId !== null && HAVE_A_REQUEST.has(outcome))
          span.note({ 'm2m.request.id': await findRequest(carrierRequestId) });
        return outcome;
      });
    },
    keep: (message, most) =>
      inSpan('callback commit', { 'm2m.callback.service': message.service, 'm2m.callback.outcome': message.reason }, async (span) => {
        const kept = await intake.keep(message, most);
        if (kept !== 'KEPT') span.note({ 'm2m.callback.outcome': kept });
        return kept;
      }),
  };
}

const HAVE_A_REQUEST: ReadonlySet<string> = new Set(['APPLIED', 'DUPLICATE']);
