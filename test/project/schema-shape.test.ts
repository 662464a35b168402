import {
  assertInterfaceType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../src/operations/index.ts';
import { auditAction, auditOutcome } from '../../src/schema/audit-words.ts';
import { schema } from '../../src/schema/index.ts';

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

test('the schema says what it is for', () => {
  expect(schema.description).toMatch(/ThingSpace/);
});

test('every scalar of ours with a public specification names it', () => {
  const own = types.filter((type) => isScalarType(type)).filter((type) => !isSpecifiedScalarType(type));
  expect(Object.fromEntries(own.map(({ name, specifiedByURL }) => [name, specifiedByURL ?? null]))).toEqual({
    DateTime: 'https://scalars.graphql.org/andimarek/date-time.html',
    // It is opaque: there is nothing to specify, and its description says how to use it.
    Cursor: null,
  });
});

test('every enum value has a description', () => {
  const bare = types
    .filter((type) => isEnumType(type))
    .flatMap((type) => type.getValues().flatMap(({ name, description }) => (description ? [] : [`${getNamedType(type).name}.${name}`])));
  expect(bare).toEqual([]);
});

test('every result that holds an accepted request is a RequestAccepted', () => {
  const accepting = OPERATIONS.map(({ typeName }) => `${typeName}Accepted`).concat('RetryFailedDevicesAccepted');
  const implementing = schema.getPossibleTypes(assertInterfaceType(schema.getType('RequestAccepted'))).map(({ name }) => name);
  expect(implementing.toSorted()).toEqual(accepting.toSorted());
});

test('every mutation is an action of the audit log', () => {
  const words = Object.keys(schema.getMutationType()?.getFields() ?? {}).map(auditAction);
  expect(words).not.toContain('OTHER');
  expect(new Set(words).size).toBe(words.length);
});

test('what another version wrote into the audit log is shown too', () => {
  expect(auditAction('sms.send')).toBe('OTHER');
  expect(auditAction('constructor')).toBe('OTHER');
  expect(auditOutcome('cancelRequest', 'SOMETHING_NEW')).toEqual({ outcome: 'FAILED', code: 'SOMETHING_NEW' });
  expect(auditOutcome('cancelRequest', 'NOTHING_QUEUED')).toEqual({ outcome: 'INVALID', code: 'NOTHING_QUEUED' });
  expect(auditOutcome('keys.revoke', 'NOT_FOUND')).toEqual({ outcome: 'FAILED', code: 'NOT_FOUND' });
});

test('no field is called id that is not a global identity', () => {
  const others = types.flatMap((type) => {
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
    const field = type.getFields()['id'];
    if (!field) return [];
    const isNode = type.name === 'Node' || (isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node'));
    return isNode && String(field.type) === 'ID!' ? [] : [`${type.name}.id: ${String(field.type)}`];
  });
  expect(others).toEqual([]);
});

/** Lists of objects that are no pages, and what bounds them. */
const BOUNDED = new Map([
  ['Request.carrierRequests', 'at most 100: 10,000 devices, 100 in a POST'],
  ['Request.faultCounts', 'at most 100 codes'],
  ['Request.actions', 'one for each action'],
  ['DeviceCheckResult.devices', 'the devices of the input, at most 10,000'],
  ['Request.warnings', 'one of each code'],
  ['InputAccepted.warnings', 'one of each code'],
  ['Request.timeline', 'the kinds of things that happen'],
  ['RequestInput.settings', 'one for each field of an input'],
  ['Query.servicePlans', 'far more than an account is known to have'],
  ['Query.deviceGroups', 'far more than an account is known to have'],
  ['Query.callbackRegistrations', 'one for each service'],
  ['CarrierAccount.ipPools', 'far more than an account is known to have'],
  ['Device.identifiers', 'one of each kind'],
  ['Device.customFields', 'the carrier has five'],
  ['Device.pending', 'at most 20'],
  ['DeviceHistory.entries', '`first`'],
  ['DeviceConnections.entries', '`first`'],
  ['DeviceUsage.entries', '`first`'],
  ['Viewer.accounts', 'those that the gateway is configured for'],
  ['RequestStatusEvent.outcomes', '`batchSize`'],
  ['RequestsChangedEvent.requests', '`batchSize`'],
  ['InvalidInput.faults', 'The first 100'],
  ['Mutation.redriveDeadLetters', '`ids`, at most 1,000'],
  ['DeviceOutcome.requested', 'one of each kind'],
  ['DeviceOutcome.deviceIds', 'what two messages and the mutation name'],
  ['Nidd.deviceIds', 'what one message names'],
  ['UnclaimedCallback.deviceIds', 'what one message names'],
]);

test('a list of objects is a page of a connection, or has a bound', () => {
  const lists = types.flatMap((type) =>
    isObjectType(type) && !/(?:Connection)$/.test(type.name)
      ? Object.values(type.getFields())
          .filter((field) => isListType(getNullableType(field.type)) && isObjectType(getNamedType(field.type)))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
  expect(lists.toSorted()).toEqual([...BOUNDED.keys()].toSorted());
});
