import { GatewayError } from '../../errors.ts';
import { unavailableError, type AuthorizedAnswer } from './authorized-calls.ts';
import { hasCode } from './wire/answers.ts';

/** One of the answers in `wire/`. */
export interface Shape<Body> {
  safeParse(body: unknown): { readonly success: true; readonly data: Body } | { readonly success: false };
}

/**
 * What the carrier answered to a question.
 *
 * @throws GatewayError CARRIER_REFUSED for a refusal, CARRIER_UNAVAILABLE for a 2xx that cannot be read
 */
export function parseAnswer<Body>(what: string, shape: Shape<Body>, { status, error, body }: AuthorizedAnswer): Body {
  if (status >= 300) {
    // The carrier's message is left out: it may name a device or a customer, and this error goes to the log.
    throw new GatewayError('CARRIER_REFUSED', `The carrier refused to ${what}: HTTP ${status}${error ? `, ${error.code}` : ''}.`, {
      details: { httpStatus: status, carrierCode: error?.code ?? null },
    });
  }
  const parsed = shape.safeParse(body);
  if (!parsed.success) throw unavailableError(what, `its answer of HTTP ${status} cannot be read`, { details: { httpStatus: status } });
  return parsed.data;
}

/** When the answer does not say itself whether there is more, its status does. */
export function hasMore(page: { readonly hasMoreData: boolean | null }, { status }: AuthorizedAnswer): boolean {
  return page.hasMoreData ?? status === 202;
}

export function isDeviceNotFound({ status, error }: AuthorizedAnswer): boolean {
  return status >= 400 && hasCode(error, 'REQUEST_FAILED.DeviceNotFound');
}
