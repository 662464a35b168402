import './scalars.ts';
import './queries.ts';
import './request-status.ts';
import './operations.ts';
import './request-mutations.ts';
import './audit-log.ts';
import './dead-letters.ts';
import { builder } from './builder.ts';

builder.mutationType({
  description: 'What the gateway asks the carrier to do. Every result is a union of the success and typed errors: select on `__typename`.',
});

/** The whole graph. Building it has no side effects: codegen and tests import it as it is. */
export const schema = builder.toSchema();
