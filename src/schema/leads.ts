import type { LeadAddress as Address } from '../datasources/thingspace/wire/leads.ts';
import type { PlacedLead } from '../resolvers/carrier/list-leads.ts';
import { builder } from './builder.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { ACCOUNT_ARG } from './carrier-account.ts';
import { connectionOf, pageArgs, pageCursor, pageSize } from './connection.ts';
import { OWNED, READ } from './rules.ts';

const [PAGE, MOST] = [100, 500];

const LeadAddress = builder.objectRef<Address>('LeadAddress').implement({
  extensions: OWNED,
  description: 'Where the customer of a lead is. The carrier may leave out any part, which is null then.',
  fields: (t) => ({
    addressLine1: t.exposeString('addressLine1', { nullable: true, description: 'Street and number.' }),
    addressLine2: t.exposeString('addressLine2', { nullable: true, description: 'The rest of it.' }),
    city: t.exposeString('city', { nullable: true, description: 'The city.' }),
    state: t.exposeString('state', { nullable: true, description: 'The state, usually two letters.' }),
    zip: t.exposeString('zip', { nullable: true, description: 'The ZIP code: an activation with the lead needs it as `mdnZipCode`.' }),
    country: t.exposeString('country', { nullable: true, description: 'The country.' }),
  }),
});

const Lead = builder.objectRef<PlacedLead>('Lead').implement({
  extensions: OWNED,
  description: 'A customer for whom a partner of the carrier may activate devices (Vertical Partner Program).',
  fields: (t) => ({
    leadId: t.exposeString('leadId', { description: 'What to pass as `leadId` of an activation.' }),
    state: t.exposeString('state', {
      nullable: true,
      description: 'The carrier’s word: `Qualified`, `Closed - Won`. Null when it is not told.',
    }),
    address: t.expose('address', { type: LeadAddress, nullable: true, description: 'Where the customer is. Null when it is not told.' }),
  }),
});

const LeadConnection = connectionOf('Lead', 'lead', Lead, ({ position }) => ['leads', position]);

builder.queryField('leads', (t) =>
  t.field({
    extensions: READ,
    type: LeadConnection,
    nullable: true,
    description: `The leads of an account, in the carrier’s order: the choices for \`leadId\`. Empty for an account without leads. Asked at the carrier, and kept for 10 seconds. ${FAILS_ALONE}`,
    args: { accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }), ...pageArgs(PAGE, MOST) },
    resolve: (_parent, { accountName, first, after }, { carrier, caller, store }) =>
      carrier.leads(caller, accountName, pageCursor('leads', after, store), pageSize(first, PAGE, MOST)),
  }),
);
