import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import { openPostgresStore } from '../../src/datasources/request-log/postgres/open-postgres-store.ts';
import { parseCallback } from '../../src/datasources/thingspace/wire/callback.ts';
import { newRequest } from '../support/new-request.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { outcomesOf, submitted } from './contract-support.ts';
import { postgresFixture } from './postgres-fixture.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`Texts that PostgreSQL does not store are not tested: ${reason}.\n`);

/** PostgreSQL stores no NUL and no half of a surrogate pair, and its indexes take no text of some kilobytes. */
const TEXTS = ['\0', 'a\0b', '\uD800', '\uDFFF\uD800', '\uFFFE', '\u{10FFFF}', "'; --", '\\', '{"', 'x'.repeat(10_000), '😀'.repeat(3_000)];

test.skipIf(reason !== null)('whatever text a callback names, it is stored once, and given back word for word', async () => {
  await using fixture = await postgresFixture(openPostgresStore);
  const log = await fixture.open();
  const messages = TEXTS.flatMap((text, at) => [
    message({ requestId: text, deviceIds: [{ kind: 'iccid', id: `8914800000000000${String(at).padStart(4, '0')}` }], status: 'Success' }),
    message({ requestId: `id-${at}`, deviceIds: [{ kind: text, id: text }], status: text, comment: text }),
  ]);
  for (const each of messages) expect(await log.append(each)).toBe('UNCLAIMED');
  for (const each of messages) expect(await log.append(each)).toBe('DUPLICATE');
  const { rows } = await log.unclaimed(null, null, 1_000);
  expect(rows.map(({ json }) => json)).toEqual(messages.map(({ json }) => json));
});

test.skipIf(reason !== null)('whatever text names a device, its message is kept, and the others are found', async () => {
  await using fixture = await postgresFixture(openPostgresStore);
  const log = await fixture.open();
  const iccid = '89148000000000000001';
  const id = await submitted(log, [[['ICCID', iccid]], ...TEXTS.map((text) => [['Serial', text]] as const)], 'guid-1');
  for (const text of TEXTS) {
    const strange = message({ requestId: 'guid-1', deviceIds: [{ kind: 'serial', id: text }], status: 'Success', comment: 'strange' });
    expect(await log.append(strange)).toMatch(/^(?:APPLIED|UNCLAIMED)$/);
  }
  expect(await log.append(message({ requestId: 'guid-1', deviceIds: [{ kind: 'iccid', id: iccid }], status: 'Success' }))).toBe('APPLIED');
  const [first] = await outcomesOf(log, id);
  expect(first).toMatchObject({ index: 0, status: 'SUCCEEDED' });
});

test.skipIf(reason !== null)('whatever text a caller names a request by, it is made once for its key', async () => {
  await using fixture = await postgresFixture(openPostgresStore);
  const log = await fixture.open();
  for (const [at, text] of TEXTS.map((each) => each.slice(0, 255)).entries()) {
    const more = { idempotencyKey: text, clientReference: text, createdBy: `${at} ${text}`.slice(0, 255) };
    const request = newRequest([[['ICCID', '89148000000000000001']]], more);
    expect(await log.create(request)).toEqual({ outcome: 'CREATED', id: request.id });
    expect(await log.create({ ...newRequest(null, more), inputHash: request.inputHash })).toEqual({ outcome: 'EXISTS', id: request.id });
    const found = await log.list({ accounts: null, clientReference: text }, null, 10);
    expect(found.rows.map(({ id }) => id)).toContain(request.id);
  }
});

function message(raw: Record<string, unknown>): IncomingCallback {
  const parsed = parseCallback('CarrierService', raw);
  if (!parsed) throw new Error('no callback');
  const json = JSON.stringify(raw);
  const digest = createHash('sha256').update(json).digest();
  return { account: 'account-1', service: 'CarrierService', receivedAt: 1_000, json, digest, callbackCount: null, message: parsed };
}
