import type { UnclaimedCallback as Stored } from '../datasources/request-log/request-log.ts';
import { builder } from './builder.ts';
import { DeviceIdentifier } from './device-identifier.ts';
import { OWNED } from './rules.ts';

/** In a message of any service, in either spelling: what needs a grant where it has a field of its own. */
const NAMES_A_SECRET = /"[^"]*(?:credential|password|activationcode)[^"]*":/i;

export const UnclaimedCallback = builder.objectRef<Stored>('UnclaimedCallback').implement({
  extensions: OWNED,
  description: 'A callback that was received and kept, and that no request of this gateway has (yet).',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its number in the store.' }),
    accountName: t.exposeString('account', { description: 'The billing account whose listener it came to.' }),
    callbackService: t.exposeString('service', {
      description: 'The callback service whose listener it came to, for example `CarrierService` or `DeviceUsage`.',
    }),
    carrierRequestId: t.exposeString('carrierRequestId', {
      nullable: true,
      description: 'The requestId it names; null where it names none.',
    }),
    deviceIds: t.field({
      type: [DeviceIdentifier],
      description: 'The identifiers it names.',
      resolve: ({ message }) => [...message.deviceIds],
    }),
    carrierStatus: t.string({ nullable: true, description: 'Its `status`, verbatim.', resolve: ({ message }) => message.status }),
    faultCode: t.string({
      nullable: true,
      description: 'Its `faultcode`, when it reports a failure.',
      resolve: ({ message }) => message.fault?.code ?? null,
    }),
    comment: t.string({
      nullable: true,
      description: 'Its comment, for example when a suspended device will be resumed.',
      resolve: ({ message }) => message.comment,
    }),
    payload: t.string({
      nullable: true,
      description:
        'The whole message as JSON text, without the registration’s credentials: what services this gateway does not follow have to say (usage, SMS delivery, NIDD data, suspension). Null for the services it follows: their messages may hold secrets, and become outcomes of a request. Null for any other that names a password or an activation code.',
      resolve: ({ message, json }) => (message.bearing === 'OTHER' && !NAMES_A_SECRET.test(json) ? json : null),
    }),
    receivedAt: t.field({ type: 'DateTime', description: 'When it first reached us.', resolve: ({ receivedAt }) => new Date(receivedAt) }),
    callbackCount: t.exposeInt('callbackCount', {
      nullable: true,
      description: 'How often the carrier had sent it when it first reached us.',
    }),
  }),
});
