import { GatewayError } from '../../errors.ts';

const LOGIN_REFUSED =
  'The carrier refused the login of this gateway. It is asked nothing until an administrator has corrected the credentials.';

/**
 * A failure of the carrier as callers are told of it. A refused login is nothing that they could act on in another way. Of a refusal
 * the code is told, and not the carrier's words: they may name a customer.
 */
export async function forCallers<Answer>(asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { httpStatus, carrierCode } = error.details;
    if (error.code === 'CARRIER_LOGIN_REFUSED') throw new GatewayError('CARRIER_UNAVAILABLE', LOGIN_REFUSED, { cause: error });
    if (error.code !== 'CARRIER_REFUSED' || typeof httpStatus !== 'number') throw error;
    const code = typeof carrierCode === 'string' ? `, ${carrierCode}` : '';
    throw new GatewayError('CARRIER_REFUSED', `The carrier refused this: HTTP ${httpStatus}${code}.`, { details: error.details });
  }
}
