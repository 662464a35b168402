import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';
import { askedOperation } from './asked-operations.ts';
import type { Message } from './books.ts';
import { identifiersOf } from './device-numbers.ts';

export function serviceOf({ performed, kind }: Message): CallbackService {
  if (kind === 'nidd') return 'NiddService';
  return askedOperation(performed.operation).service;
}

/** The message without username, password and callbackCount, which a store must not keep. Its JSON is what must be stored. */
export function messageBody(message: Message): Record<string, unknown> {
  const { performed, device, kind, marker } = message;
  const deviceIds = identifiersOf(performed.operation, device);
  const common = { comment: `marker ${marker}`, maxCallbackThreshold: 4 };
  if (kind === 'nidd') {
    const niddConfigResponse = { accountName: performed.account, deviceIds };
    return { requestId: performed.requestId, niddResponse: { niddConfigResponse }, status: 'ConfigCreated', ...common };
  }
  const head = { requestId: performed.requestId, deviceIds };
  if (kind === 'pending') return { ...head, status: 'Pending', ...common };
  if (kind === 'failure') {
    const faultcode = 'UnifiedWebService.REQUEST_FAILED.UnexpectedError';
    return {
      ...head,
      faultResponse: { faultcode, faultstring: 'REQUEST_FAILED. Could not complete request.' },
      status: 'Failed',
      ...common,
    };
  }
  const deviceResponse = askedOperation(performed.operation).response(deviceIds);
  return { ...head, deviceResponse, status: 'Success', ...common };
}

/** The marker of a stored or shown message; null when it has none. */
export function markerIn(text: string | null): number | null {
  const found = text === null ? null : /\bmarker (\d+)\b/.exec(text);
  return found ? Number(found[1]) : null;
}
