import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { openDeadLetterBox } from '../callback-door/support/dead-letter-box.ts';
import { someAtATime } from '../follow-up/support/some-at-a-time.ts';
import { devices } from '../support/devices.ts';
import { howMany } from '../support/how-many.ts';
import { runDocument } from '../support/run-document.ts';

/** In whole, as many as a request may have, and messages of another tool beside them: more than 10,000. */
const DEVICES = howMany({ whole: 10_000, short: 2_500 });
const OF_OTHERS = 400;
const AT_ONCE = 32;
const REDRIVEN_AT_ONCE = 1_000;

test(
  `all ${DEVICES + OF_OTHERS} callbacks of a roll-out with a mistyped password are kept, and settle their devices once it is corrected`,
  { timeout: 300_000 },
  async () => {
    await using box = await openDeadLetterBox({ devices: DEVICES });
    const real = { password: 'as it should be' };
    await someAtATime(AT_ONCE, Array.from({ length: DEVICES }, (_, at) => at + 1).values(), (device) =>
      box.post(box.callback(device, real)),
    );
    await someAtATime(AT_ONCE, devices(OF_OTHERS, 20_001).values(), ({ deviceIds }) =>
      box.post({ ...box.callback(1, real), requestId: 'of another tool', deviceIds }),
    );
    await box.restart({ M2M_CALLBACK_PASSWORD: real.password });
    let redriven = 0;
    for (let page = await box.list({ first: REDRIVEN_AT_ONCE }); page.length > 0; page = await box.list({ first: REDRIVEN_AT_ONCE })) {
      redriven += page.length;
      expect(new Set(await box.redrive(page.map(({ id }) => id))).difference(new Set(['APPLIED', 'UNCLAIMED']))).toEqual(new Set());
    }
    expect(redriven).toBe(DEVICES + OF_OTHERS);
    const { request } = await runDocument(box.gateway.urls.graphql, RequestDocument, { id: box.requestId, first: 1 });
    expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: DEVICES, total: DEVICES } });
  },
);
