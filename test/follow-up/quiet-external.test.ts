import { expect, test } from 'vitest';
import { iccid } from '../support/devices.ts';
import { followOverSse } from '../support/follow.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';

const THEIRS = '11111111-2222-3333-4444-555555555555';

test('another tool’s request ends when nothing has come for a while; a later callback opens it, and it ends again', async () => {
  await using stack = await startStack({ env: { M2M_ADOPT_AFTER_MS: '1000', M2M_EXTERNAL_QUIET_MS: '1500' } });
  const report = (number: number, status: string) => {
    const deviceIds = [{ kind: 'iccid', id: iccid(number) }];
    const body = { requestId: THEIRS, deviceIds, status, ...(status === 'Success' && { deviceResponse: { activateResponse: {} } }) };
    return postCallback(stack, 'CarrierService', body);
  };
  const { ended, show } = operator(stack.gateway.urls.graphql);
  await report(1, 'Success');
  await report(2, 'Success');
  const adopted = () => show(THEIRS).catch(() => null);
  await until(async () => (await adopted())?.progress.succeeded === 2);
  const { id } = await show(THEIRS);
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2, total: 2 }, carrierRequests: [{ state: 'CLOSED' }] });

  let cursor: string | null = null;
  for await (const event of followOverSse(stack.gateway.urls.graphql, { id, batchSize: 1000 })) cursor = event.cursor;
  const later = followOverSse(stack.gateway.urls.graphql, { id, after: cursor, batchSize: 1 });
  // While a device is open, quiet does not end it.
  await report(3, 'Pending');
  const reopened = await later.next();
  expect(reopened.value).toMatchObject({ status: 'IN_PROGRESS' });
  await report(3, 'Success');
  const rest = await Array.fromAsync(later);
  expect(rest.at(-1)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 3, total: 3 } });
  expect(await show(id)).toMatchObject({ status: 'SUCCEEDED', carrierRequests: [{ state: 'CLOSED', carrierRequestId: THEIRS }] });
});
