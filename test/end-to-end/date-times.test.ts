import { describe, expect, test } from 'vitest';
import { parseMoment } from '../../src/lib/parse-moment.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';

const COUNT = 'query ($filter: RequestFilter) { requests(filter: $filter) { nodes { id } } }';

describe('a moment', () => {
  test.each([
    ['2026-11-22T09:30:00Z', '2026-11-22T09:30:00.000Z'],
    ['2026-11-22t09:30:00z', '2026-11-22T09:30:00.000Z'],
    ['2026-11-22T04:30:00-05:00', '2026-11-22T09:30:00.000Z'],
    ['2026-11-22T09:30:00+00:00', '2026-11-22T09:30:00.000Z'],
    ['2026-11-23T09:29:00+23:59', '2026-11-22T09:30:00.000Z'],
    ['2026-11-22T09:30:00.5Z', '2026-11-22T09:30:00.500Z'],
    ['2026-11-22T09:30:00.123999999Z', '2026-11-22T09:30:00.123Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
    // The hour that clocks in New York leave out, and the one that they have twice.
    ['2026-03-08T02:30:00-05:00', '2026-03-08T07:30:00.000Z'],
    ['2026-11-01T01:30:00-04:00', '2026-11-01T05:30:00.000Z'],
  ])('%s is %s', (text, moment) => {
    const read = parseMoment(text);
    expect(typeof read === 'number' ? new Date(read).toISOString() : read).toBe(moment);
  });

  test.each([
    ['2026-11-22T09:30:00', 'no offset'],
    ['2026-11-22T09:30:00.000', 'no offset'],
    ['2026-11-22 09:30:00', 'no offset'],
    ['2026-11-22T09:30', 'no offset'],
    ['2026-11-22', 'as in RFC 3339'],
    ['2026-11-22T09:30Z', 'with seconds'],
    ['2026-11-22 09:30:00Z', 'as in RFC 3339'],
    ['2026-11-22T09:30:00+05', 'as in RFC 3339'],
    ['2026-11-22T09:30:00+0500', 'as in RFC 3339'],
    ['2026-11-22T09:30:00,5Z', 'as in RFC 3339'],
    ['2026-11-22T09:30:00.Z', 'as in RFC 3339'],
    ['2026-11-22T09:30:00.1234567890Z', 'as in RFC 3339'],
    ['20261122T093000Z', 'as in RFC 3339'],
    ['+002026-11-22T09:30:00Z', 'as in RFC 3339'],
    ['2026-W47-7T09:30:00Z', 'as in RFC 3339'],
    [' 2026-11-22T09:30:00Z', 'as in RFC 3339'],
    ['2026-11-22T09:30:00Z\n', 'as in RFC 3339'],
    ['２026-11-22T09:30:00Z', 'as in RFC 3339'],
    ['1764000000000', 'as in RFC 3339'],
    ['', 'as in RFC 3339'],
    ['0000-01-01T00:00:00Z', 'no year 0'],
    ['2026-00-10T00:00:00Z', 'no such month'],
    ['2026-13-10T00:00:00Z', 'no such month'],
    ['2026-02-30T00:00:00Z', 'no such day'],
    ['2026-06-31T00:00:00Z', 'no such day'],
    ['2026-01-00T00:00:00Z', 'no such day'],
    ['2026-01-32T00:00:00Z', 'no such day'],
    ['2025-02-29T00:00:00Z', 'no such day'],
    ['1900-02-29T00:00:00Z', 'no such day'],
    ['2026-11-22T24:00:00Z', 'no such hour'],
    ['2026-11-22T25:00:00Z', 'no such hour'],
    ['2026-11-22T09:60:00Z', 'no such minute'],
    ['2016-12-31T23:59:60Z', 'leap second'],
    ['2026-11-22T09:30:00-00:00', 'no such offset'],
    ['2026-11-22T09:30:00+24:00', 'no such offset'],
    ['2026-11-22T09:30:00+05:60', 'no such offset'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseMoment(text)).toContain(why);
  });
});

test('a gateway in New York finds the same requests, and refuses a time without an offset', async () => {
  await using stack = await startSpawnedStack({ env: { TZ: 'America/New_York' } });
  const { id } = await activateDevices(stack, 1);
  const [earlier, later] = [new Date(Date.now() - 3_600_000).toISOString(), new Date(Date.now() + 3_600_000).toISOString()];
  const find = async (filter: object) => (await stack.query(COUNT, { filter })).data;
  const [found, none] = [{ requests: { nodes: [{ id }] } }, { requests: { nodes: [] } }];
  expect([await find({ since: earlier }), await find({ since: later }), await find({ until: later })]).toEqual([found, none, found]);
  const inBerlin = (moment: string) => new Date(Date.parse(moment) + 3_600_000).toISOString().replace('Z', '+01:00');
  expect([await find({ since: inBerlin(earlier) }), await find({ since: inBerlin(later) })]).toEqual([found, none]);
  const refused = async (since: string) => {
    const { data, errors } = await stack.query(COUNT, { filter: { since } });
    expect(data).toBeUndefined();
    const literal = await stack.query(`{ requests(filter: { since: "${since}" }) { nodes { id } } }`);
    expect(errors?.[0]?.message).toContain(literal.errors?.[0]?.message ?? 'no error');
    return errors?.[0]?.message;
  };
  const begins = 'Variable "$filter" has invalid value at .since: A DateTime names a moment, for example "2026-11-22T09:30:00Z". ';
  expect(await refused(earlier.slice(0, 19))).toBe(
    `${begins}It has no offset, so it may mean many moments: end it with \`Z\` (UTC) or an offset such as \`-05:00\`.`,
  );
  expect(await refused('2026-02-30T00:00:00Z')).toBe(`${begins}The month has no such day.`);
  expect(await refused('2026-06-31T00:00:00Z')).toBe(`${begins}The month has no such day.`);
});
