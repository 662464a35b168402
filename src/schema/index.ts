import './scalars.ts';
import './queries.ts';
import './request-status.ts';
import './requests-changed.ts';
import './operations.ts';
import './request-mutations.ts';
import './audit-log.ts';
import './dead-letters.ts';
import './viewer.ts';
import './carrier-account.ts';
import './leads.ts';
import './callback-registrations.ts';
import './device-queries.ts';
import './check-devices.ts';
import './device-groups.ts';
import './device-group-mutations.ts';
import { builder } from './builder.ts';
import { limitProduction } from './limit-production.ts';

builder.mutationType({
  description:
    'Actions that the gateway asks the carrier to perform, and actions on requests. Each result that is a union holds either the success or a typed error: select on `__typename`.',
});

/** The whole graph. Building it has no side effects, so codegen and tests import it directly. */
export const schema = builder.toSchema();
limitProduction(schema);

// Pothos has no option for it.
schema.description =
  'M2M devices at Verizon ThingSpace. A mutation makes a request, the subscription `requestStatus` follows it, `requestsChanged` follows all of an account, and queries show what is known. Mutations give their refusals as typed results; everything else fails with a GraphQL error and a code in `extensions.code`. Everything that changes and has an `id` is found again by `node(id:)`.';
