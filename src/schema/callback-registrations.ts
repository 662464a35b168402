import type { RegisteredListener } from '../resolvers/callbacks/callback-registrations.ts';
import { builder } from './builder.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { ACCOUNT_ARG } from './carrier-account.ts';
import { enumOf } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { OWNED, READ } from './rules.ts';

/** The carrier has 23 services, and keeps one listener for each. */
const MAX_LISTENERS = 100;

const STATES = { ours: 'OURS', former: 'FORMER', lapsed: 'LAPSED', other: 'OTHER' } as const satisfies Record<
  RegisteredListener['state'],
  string
>;

const ListenerOwner = enumOf<(typeof STATES)[RegisteredListener['state']]>('ListenerOwner', 'Whose listener the carrier reports to.', {
  OURS: 'This gateway’s.',
  FORMER: 'This gateway’s, by an earlier address that it still takes. The people who run it will register the new one.',
  LAPSED: 'This gateway’s, by an earlier address that it does not take any more. Reports are lost: tell the people who run it.',
  OTHER: 'Another tool’s. Reports of this service do not come to this gateway.',
});

const CallbackRegistration = builder.objectRef<RegisteredListener>('CallbackRegistration').implement({
  extensions: OWNED,
  description: 'A listener that the carrier reports to. Its passwords and the path of its address are never shown.',
  fields: (t) => ({
    callbackService: t.exposeString('service', {
      description:
        'The callback service, as the carrier names it. Results of mutations come by CarrierService, NiddService and DeviceProfileService.',
    }),
    owner: t.field({ type: ListenerOwner, description: 'Whose listener it is.', resolve: ({ state }) => STATES[state] }),
    deliversTo: t.exposeString('deliversTo', {
      nullable: true,
      description: 'The beginning of the address, with the name of the host: `https://m2m.example.com`. Null when it cannot be read.',
    }),
  }),
});

builder.queryField('callbackRegistrations', (t) =>
  t.field({
    extensions: { ...READ, ...atMost(MAX_LISTENERS) },
    type: [CallbackRegistration],
    nullable: true,
    description: `The listeners that the carrier reports to for an account, one for each service. A service without a listener is not in the list, and its reports are lost. Asked at the carrier, and kept for 10 seconds. ${FAILS_ALONE}`,
    args: { accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }) },
    resolve: async (_parent, { accountName }, { carrier, caller }) => [...(await carrier.registrations(caller, accountName))],
  }),
);
