import fc from 'fast-check';
import { SAYS } from './carrier-message.ts';
import { turnsOf, type Turn } from './turn.ts';

const small = (max: number) => fc.nat({ max });
/** Counted from the newest. Mostly the newest are drawn, so that much happens to the same few. */
const ago = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 5);

/** A few identifiers that devices and messages share, contradict and repeat. */
const identifier = fc.constantFrom(
  ...['1', '2', '3'].map((n) => ({ kind: 'ICCID', id: `8914800000000000000${n}` })),
  ...['1', '2'].map((n) => ({ kind: 'eid', id: `8904903200000000000000000000000${n}` })),
  ...['1', '2', '3'].map((n) => ({ kind: 'IMEI', id: `9900139000000${n}5` })),
  { kind: 'imei', id: '99001390000001' },
  ...['1', '2'].map((n) => ({ kind: 'MDN', id: `509630600${n}` })),
  { kind: 'msisdn', id: '15096306001' },
  { kind: 'imsi', id: '311480000000001' },
  { kind: 'Serial', id: '1' },
);
/** Of devices that nobody named. */
const stranger = fc.constantFrom(...['4', '5', '6', '7'].map((n) => ({ kind: 'IMEI', id: `9900139000000${n}5` })));
const guid = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3, 4, 5);
const someOf = (one: typeof identifier, least: number) => fc.array(one, { minLength: least, maxLength: 3, size: 'max' });
const device = someOf(identifier, 1);
const identifiers = (least: number) =>
  fc.oneof({ weight: 5, arbitrary: someOf(identifier, least) }, { weight: 1, arbitrary: someOf(stranger, least) });
const says = fc.constantFrom(...SAYS, 'SUCCESS' as const, 'FAILURE' as const, 'SUCCESS' as const);

const operations = {
  submit: fc.record({
    type: fc.constant('submit'),
    account: fc.constantFrom(0, 0, 0, 1),
    devices: fc.option(fc.array(device, { minLength: 1, maxLength: 5, size: 'max' }), { freq: 5 }),
    isSplit: fc.boolean(),
    guid: fc.option(guid, { freq: 5 }),
  }),
  step: fc.record({
    type: fc.constant('step'),
    request: ago,
    part: small(1),
    step: fc.constantFrom('SENDING', 'ACCEPTED', 'REFUSED', 'UNANSWERED', 'REQUEUED', 'CANCELLED', 'PROVEN'),
    guid,
  }),
  callback: fc.record({
    type: fc.constant('callback'),
    guid: fc.option(guid, { freq: 20 }),
    says,
    /** Two messages with the same number and words are one. */
    number: small(2),
    top: identifiers(0),
    nested: identifiers(0),
    account: fc.constantFrom(0, 0, 0, 0, 1),
    service: small(1),
  }),
  again: fc.record({ type: fc.constant('again'), message: ago, count: small(3) }),
  members: fc.record({ type: fc.constant('members'), request: ago, devices: fc.array(device, { minLength: 1, maxLength: 3 }) }),
  lapse: fc.record({
    type: fc.constant('lapse'),
    request: ago,
    part: small(1),
    into: fc.constantFrom('OVERDUE', 'EXPIRED'),
    from: fc.integer({ min: 0, max: 3 }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  reconcile: fc.record({
    type: fc.constant('reconcile'),
    request: ago,
    part: small(1),
    index: fc.option(small(5)),
    named: identifiers(0),
    succeeded: fc.boolean(),
  }),
  learn: fc.record({ type: fc.constant('learn'), request: ago, part: small(1), index: small(5), named: identifiers(1) }),
  cancel: fc.record({ type: fc.constant('cancel'), request: ago }),
  resolve: fc.record({ type: fc.constant('resolve'), request: ago, part: small(1), guid: fc.option(guid) }),
  settle: fc.record({ type: fc.constant('settle') }),
  recover: fc.record({ type: fc.constant('recover') }),
  purge: fc.record({ type: fc.constant('purge'), turnsAgo: small(3) }),
  follow: fc.record({ type: fc.constant('follow'), request: ago, leaves: fc.boolean() }),
};

type Operations = typeof operations;
export type FreeOperation = {
  [Type in keyof Operations]: Operations[Type] extends fc.Arbitrary<infer Value> ? Value : never;
}[keyof Operations];

const WEIGHTS: Readonly<Record<keyof Operations, number>> = {
  submit: 6,
  step: 8,
  callback: 30,
  again: 8,
  members: 3,
  lapse: 5,
  reconcile: 5,
  learn: 5,
  cancel: 1,
  resolve: 3,
  settle: 4,
  recover: 1,
  purge: 2,
  follow: 6,
};

/** Turns without rules about which message means which device, of these operations only. */
export function freeTurnsWith(types: readonly FreeOperation['type'][]): fc.Arbitrary<readonly Turn<FreeOperation>[]> {
  return turnsOf(fc.oneof(...types.map((type) => ({ weight: WEIGHTS[type], arbitrary: operations[type] as fc.Arbitrary<FreeOperation> }))));
}

/** The same with all operations. Only the invariants of every log can be checked. */
export const freeTurns: fc.Arbitrary<readonly Turn<FreeOperation>[]> = freeTurnsWith(Object.keys(WEIGHTS) as FreeOperation['type'][]);
