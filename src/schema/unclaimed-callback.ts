import type { UnclaimedCallback as Stored } from '../datasources/request-log/unclaimed-log.ts';
import { builder } from './builder.ts';
import { DeviceIdentifier, IDENTIFIERS_OF_MESSAGE } from './device-identifier.ts';
import { nodeOf } from './node.ts';
import { OWNED } from './rules.ts';

/** Finds a field in a message, in any spelling, that would need a grant if the graph showed it by itself. */
const NAMES_A_SECRET = /"[^"]*(?:credential|password|activationcode)[^"]*":/i;

export const UnclaimedCallback = builder.objectRef<Stored>('UnclaimedCallback').implement({
  extensions: OWNED,
  ...nodeOf('unc'),
  description: 'A callback that was received and stored, and that belongs to no request of this gateway.',
  fields: (t) => ({
    accountName: t.exposeString('account', { description: 'The billing account that the callback came for.' }),
    callbackService: t.exposeString('service', {
      description: 'The callback service that sent it, for example `CarrierService` or `DeviceUsage`.',
    }),
    carrierRequestId: t.exposeString('carrierRequestId', {
      nullable: true,
      description: 'The carrier’s requestId in the callback. Null when it has none.',
    }),
    deviceIds: t.field({
      extensions: IDENTIFIERS_OF_MESSAGE,
      type: [DeviceIdentifier],
      description: 'The identifiers in the callback, at most 10.',
      resolve: ({ message }) => [...message.deviceIds],
    }),
    carrierStatus: t.string({
      nullable: true,
      description: 'The `status` of the callback, verbatim. Null when it has none.',
      resolve: ({ message }) => message.status,
    }),
    faultCode: t.string({
      nullable: true,
      description: 'The `faultcode` of the callback. Null when it reports no failure.',
      resolve: ({ message }) => message.fault?.code ?? null,
    }),
    comment: t.string({
      nullable: true,
      description: 'The comment of the callback, for example when a suspended device will be resumed. Null when it has none.',
      resolve: ({ message }) => message.comment,
    }),
    payload: t.string({
      nullable: true,
      description:
        'The whole message as JSON text, without the registration’s credentials. It is for services whose messages settle no device (usage, SMS delivery, NIDD, suspension). Null for the others: their messages may hold secrets, and become outcomes of a request. Also null for a message that names a password or an activation code.',
      resolve: ({ message, json }) =>
        (message.bearing === 'OTHER' || message.bearing === 'NIDD_CONFIG') && !NAMES_A_SECRET.test(json) ? json : null,
    }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime', description: 'When the callback first arrived.' }),
    callbackCount: t.exposeInt('callbackCount', {
      nullable: true,
      description: 'How often the carrier had sent the callback when it first arrived. Null when the callback does not tell.',
    }),
  }),
});
