import fc from 'fast-check';
import { SAYS } from './carrier-message.ts';
import { turnsOf, type Turn } from './turn.ts';

const small = (max: number) => fc.nat({ max });
const bits = small(15);
/** Counted from the newest. Mostly the newest are drawn, so that much happens to the same few. */
const ago = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 8);

const request = {
  account: fc.constantFrom(0, 0, 0, 1),
  sizes: fc.constantFrom([1], [2], [3], [2, 1], [1, 1, 2], null, null),
  kinds: bits,
  operation: fc.constantFrom(0, 0, 1),
  key: fc.constantFrom(null, null, 0, 1),
  input: small(1),
  retryOf: fc.option(ago),
};

const says = fc.constantFrom(...SAYS, 'SUCCESS' as const, 'FAILURE' as const);
const rarely = fc.constantFrom(false, false, false, false, true);

const operations = {
  create: fc.record({ type: fc.constant('create'), ...request, again: rarely }),
  submit: fc.record({
    type: fc.constant('submit'),
    ...request,
    answered: fc.constantFrom('ACCEPTED', 'ACCEPTED', 'ACCEPTED', 'UNANSWERED', 'EXPIRED', null),
  }),
  step: fc.record({
    type: fc.constant('step'),
    part: ago,
    step: fc.constantFrom('SENDING', 'ACCEPTED', 'REFUSED', 'UNANSWERED', 'REQUEUED', 'CANCELLED', 'PROVEN'),
    taken: rarely,
    answered: fc.boolean(),
    /** Draws a carrier request at which the step may begin, if there is one. */
    fits: fc.boolean(),
  }),
  callback: fc.record({
    type: fc.constant('callback'),
    part: ago,
    device: small(3),
    says,
    top: bits,
    nested: bits,
    spelling: small(2),
    stranger: rarely,
    otherService: rarely,
  }),
  external: fc.record({
    type: fc.constant('external'),
    guid: fc.constantFrom(0, 1, 2, 2),
    device: small(2),
    says,
    top: bits,
    nested: bits,
    spelling: small(2),
    account: small(1),
  }),
  resend: fc.record({ type: fc.constant('resend'), message: ago, count: small(4), stranger: rarely }),
  members: fc.record({ type: fc.constant('members'), request: ago, count: fc.integer({ min: 1, max: 3 }), kinds: bits }),
  lapse: fc.record({
    type: fc.constant('lapse'),
    part: ago,
    into: fc.constantFrom('OVERDUE', 'EXPIRED'),
    from: fc.integer({ min: 0, max: 3 }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  reconcile: fc.record({
    type: fc.constant('reconcile'),
    findings: fc.array(
      fc.record({ part: ago, device: small(3), byIndex: fc.boolean(), succeeded: fc.boolean(), kinds: bits, otherPart: rarely }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  learn: fc.record({
    type: fc.constant('learn'),
    findings: fc.array(
      fc.record({ part: ago, device: small(3), byIndex: fc.boolean(), succeeded: fc.boolean(), kinds: bits, otherPart: rarely }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  cancel: fc.record({ type: fc.constant('cancel'), request: ago }),
  resolve: fc.record({ type: fc.constant('resolve'), part: ago, to: fc.constantFrom('OWN', 'NEVER', 'TAKEN') }),
  settle: fc.record({ type: fc.constant('settle'), turnsAgo: small(3) }),
  recover: fc.record({ type: fc.constant('recover') }),
  keep: fc.record({
    type: fc.constant('keep'),
    account: small(1),
    reason: fc.constantFrom(0, 0, 1),
    body: small(3),
    cap: fc.integer({ min: 1, max: 3 }),
  }),
  discardDeadLetter: fc.record({ type: fc.constant('discardDeadLetter'), at: small(3) }),
  discardForwards: fc.record({ type: fc.constant('discardForwards'), lane: small(1), count: small(3) }),
  purge: fc.record({ type: fc.constant('purge'), turnsAgo: small(4), steps: fc.integer({ min: 1, max: 4 }) }),
  poison: fc.record({ type: fc.constant('poison'), how: fc.constantFrom('NO_SUCH_REQUEST', 'NO_SUCH_PART') }),
  read: fc.record({ type: fc.constant('read'), follower: small(2), request: ago, limit: fc.integer({ min: 1, max: 6 }) }),
  leave: fc.record({ type: fc.constant('leave'), follower: small(2) }),
};

type Operations = typeof operations;
export type OperationType = keyof Operations;
export type OperationOf<Type extends keyof Operations> = Operations[Type] extends fc.Arbitrary<infer Value> ? Value : never;
export type Operation = { [Type in keyof Operations]: OperationOf<Type> }[keyof Operations];

/** How often each operation is drawn, relative to the others. */
const WEIGHTS: Readonly<Record<keyof Operations, number>> = {
  create: 4,
  submit: 9,
  step: 10,
  callback: 20,
  external: 5,
  resend: 12,
  members: 4,
  lapse: 6,
  reconcile: 5,
  learn: 4,
  cancel: 2,
  resolve: 4,
  settle: 4,
  recover: 2,
  keep: 4,
  discardDeadLetter: 2,
  discardForwards: 2,
  purge: 3,
  poison: 3,
  read: 12,
  leave: 4,
};

/** A life of the log that a plain model can follow, with these operations only. */
export function turnsWith(types: readonly OperationType[]): fc.Arbitrary<readonly Turn<Operation>[]> {
  return turnsOf(fc.oneof(...types.map((type) => ({ weight: WEIGHTS[type], arbitrary: operations[type] as fc.Arbitrary<Operation> }))));
}

/** The same with all operations. */
export const turns: fc.Arbitrary<readonly Turn<Operation>[]> = turnsWith(Object.keys(WEIGHTS) as OperationType[]);
