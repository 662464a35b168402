import { expect, test } from 'vitest';
import { Vault } from '../../src/datasources/request-log/vault.ts';
import { KEY_A, KEY_B } from './sealed-support.ts';

const PLAIN = 'the same message';
const PLACE = 'event/message/1/2';

test('no nonce is used twice: not within a vault, not by the one after a restart, not by another key', () => {
  const vaults = [new Vault([KEY_A]), new Vault([KEY_A]), new Vault([KEY_B])];
  // More than one batch of nonces, which are drawn 256 at a time.
  const sealed = vaults.flatMap((vault) => Array.from({ length: 1_000 }, () => vault.seal(PLAIN, PLACE)));
  expect(new Set(sealed.map((value) => value.subarray(0, 12).toString('hex'))).size).toBe(3_000);
  // Later nonces are drawn into the same memory, and must not change the values that were given out.
  for (const value of sealed.slice(0, 2_000)) expect(vaults[0]?.open(value, vaults[0].keyId ?? '', PLACE).toString()).toBe(PLAIN);
});

test('a sealed value that is cut short, made longer or changed in any bit does not open', () => {
  const vault = new Vault([KEY_A]);
  const sealed = vault.seal(PLAIN, PLACE);
  const opened = (value: Uint8Array) => () => vault.open(value, vault.keyId ?? '', PLACE);
  for (let length = 0; length < sealed.length; length++)
    expect(opened(sealed.subarray(0, length)), `${length} bytes`).toThrow('does not open');
  expect(opened(Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow('does not open');
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
    expect(opened(changed), `bit ${bit}`).toThrow('does not open');
  }
  expect(opened(sealed)().toString()).toBe(PLAIN);
});

test('a value opens only with its own key and at its own place', () => {
  const vault = new Vault([KEY_A, KEY_B]);
  const other = new Vault([KEY_B]);
  const sealed = vault.seal(PLAIN, PLACE);
  expect(() => vault.open(sealed, other.keyId ?? '', PLACE)).toThrow('does not open');
  expect(() => vault.open(sealed, vault.keyId ?? '', 'event/message/12')).toThrow('does not open');
  expect(() => other.open(sealed, vault.keyId ?? '', PLACE)).toThrow('which M2M_STORE_KEYS does not hold');
});
