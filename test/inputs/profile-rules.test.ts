import { describe, expect, test } from 'vitest';
import { renewActivationCode } from '../../src/operations/renew-activation-code.ts';
import { resumeProfile } from '../../src/operations/resume-profile.ts';
import { inputFaults } from '../support/input-faults.ts';
import { type ProfileInput, RENEW, RESUME } from '../support/valid-inputs.ts';

const long = (length: number) => 'x'.repeat(length);

const SHARED: readonly [rule: string, change: Partial<ProfileInput>, faults: readonly string[]][] = [
  ['the account and the devices are enough', {}, []],
  ['accountName must not be empty', { accountName: '' }, ['accountName TOO_SMALL']],
  ['accountName keeps its leading zeros', { accountName: '0000123456-00001' }, []],
  ['accountName must not hold <', { accountName: '0000<123456' }, ['accountName INVALID_CHARACTER']],
  ['servicePlan may be null', { servicePlan: null }, []],
  ['servicePlan must not be empty', { servicePlan: '' }, ['servicePlan TOO_SMALL']],
  ['servicePlan of 100 characters is accepted', { servicePlan: long(100) }, []],
  ['servicePlan of 101 characters is refused', { servicePlan: long(101) }, ['servicePlan TOO_BIG']],
  ['servicePlan must not hold an apostrophe', { servicePlan: "plan'" }, ['servicePlan INVALID_CHARACTER']],
  ['idempotencyKey of 255 characters is accepted', { idempotencyKey: long(255) }, []],
  ['idempotencyKey of 256 characters is refused', { idempotencyKey: long(256) }, ['idempotencyKey TOO_BIG']],
  ['an empty idempotencyKey is refused', { idempotencyKey: '' }, ['idempotencyKey TOO_SMALL']],
  ['an empty clientReference is refused', { clientReference: '' }, ['clientReference TOO_SMALL']],
];

const RENEWAL: typeof SHARED = [
  ['mdnZipCode may be null', { mdnZipCode: null }, []],
  ['mdnZipCode of 5 digits is accepted', { mdnZipCode: '98801' }, []],
  ['mdnZipCode of 4 digits is refused', { mdnZipCode: '1234' }, ['mdnZipCode INVALID_FORMAT']],
  ['mdnZipCode with letters is refused', { mdnZipCode: '98A01' }, ['mdnZipCode INVALID_FORMAT']],
];

describe('renewal', () => {
  test.each([...SHARED, ...RENEWAL])('%s', (_rule, change, faults) => {
    const input = { ...RENEW, ...change };
    expect(inputFaults(input, renewActivationCode.parse(input))).toEqual(faults);
  });
});

describe('resumption', () => {
  test.each(SHARED)('%s', (_rule, change, faults) => {
    const input = { ...RESUME, ...change };
    expect(inputFaults(input, resumeProfile.parse(input))).toEqual(faults);
  });
});
