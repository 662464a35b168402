import type { AccountRecord, IpPool as Pool } from '../datasources/thingspace/wire/account.ts';
import type { ServicePlan as Plan } from '../datasources/thingspace/wire/service-plans.ts';
import { builder } from './builder.ts';
import { FAILS_ALONE } from './carrier-call.ts';
import { atMost } from './list-sizes.ts';
import { OWNED, READ } from './rules.ts';

/** No account is known to have nearly so many. */
const MAX_PLANS = 1_000;
const MAX_POOLS = 200;
const MAX_WORDS = 100;

export const ACCOUNT_ARG = 'The billing account. One that you may not read is an error (NOT_FOUND), as one that does not exist.';
export const KEPT_60 = 'Asked at the carrier, and kept for 60 seconds.';

const ServicePlan = builder.objectRef<Plan>('ServicePlan').implement({
  extensions: OWNED,
  description: 'A service plan that an account may use. Placeholders without a code are left out, because no mutation could name them.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name for people. It may differ from the code.' }),
    code: t.exposeString('code', { description: 'What to pass as `servicePlan` of a mutation.' }),
    sizeKb: t.exposeInt('sizeKb', {
      nullable: true,
      description: 'The data allowance in kilobytes. Null when the carrier does not say.',
    }),
    carrierServicePlanCode: t.exposeString('carrierServicePlanCode', {
      nullable: true,
      description: 'The code of the plan at the network behind the carrier. Null when it is not told.',
    }),
  }),
});

const IpPool = builder.objectRef<Pool>('IpPool').implement({
  extensions: OWNED,
  description: 'A pool of IP addresses of an account.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What to pass as `carrierIpPoolName` of an activation.' }),
    type: t.exposeString('type', {
      nullable: true,
      description: 'The carrier’s word: `Static IP` or `Dynamic IP`. Null when it is not told.',
    }),
    isDefault: t.exposeBoolean('isDefault', { description: 'True for the pool that is used when a mutation names none.' }),
  }),
});

const CarrierAccount = builder.objectRef<AccountRecord>('CarrierAccount').implement({
  extensions: OWNED,
  description: 'A billing account, as the carrier tells of it.',
  fields: (t) => ({
    accountName: t.exposeString('accountName', { description: 'The billing account.' }),
    organizationName: t.exposeString('organizationName', { nullable: true, description: 'Whose account it is. Null when it is not told.' }),
    isProvisioningAllowed: t.exposeBoolean('isProvisioningAllowed', {
      nullable: true,
      description:
        'Whether a device may be activated that was not added to the account before. False: the carrier refuses the activation of a device that it does not know. Null when it is not told.',
    }),
    carriers: t.stringList({
      extensions: atMost(MAX_WORDS),
      description: 'The networks that the account may use. With more than one an activation needs `carrierName`.',
      resolve: ({ carriers }) => [...carriers],
    }),
    features: t.stringList({
      extensions: atMost(MAX_WORDS),
      description: 'What the account may do beside the usual, in the carrier’s words: `NON-GEOGRAPHIC MDN`.',
      resolve: ({ features }) => [...features],
    }),
    ipPools: t.field({
      extensions: atMost(MAX_POOLS),
      type: [IpPool],
      description: 'The pools of IP addresses.',
      resolve: ({ ipPools }) => [...ipPools],
    }),
  }),
});

builder.queryFields((t) => ({
  servicePlans: t.field({
    extensions: { ...READ, ...atMost(MAX_PLANS) },
    type: [ServicePlan],
    nullable: true,
    description: `The service plans of an account: the choices for \`servicePlan\`. ${KEPT_60} ${FAILS_ALONE}`,
    args: { accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }) },
    resolve: async (_parent, { accountName }, { carrier, caller }) => [...(await carrier.servicePlans(caller, accountName))],
  }),
  account: t.field({
    extensions: READ,
    type: CarrierAccount,
    nullable: true,
    description: `An account: its networks, pools and features. ${KEPT_60} ${FAILS_ALONE}`,
    args: { accountName: t.arg.string({ required: true, description: ACCOUNT_ARG }) },
    resolve: (_parent, { accountName }, { carrier, caller }) => carrier.account(caller, accountName),
  }),
}));
