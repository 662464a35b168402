import type { AuthorizedCalls } from './authorized-calls.ts';
import { wireDeviceId, type HistoryQuery } from './carrier-reads.ts';
import { hasMore, isDeviceNotFound, parseAnswer, type Shape } from './judge-answer.ts';
import { parseWithDigits, writeCarrierDate } from './wire/carrier-values.ts';
import { connectionHistoryAnswer, type ConnectionEvent } from './wire/connection-history.ts';
import { deviceHistoryAnswer, type HistoryEvent } from './wire/device-history.ts';
import { usageHistoryAnswer, type UsageDay } from './wire/usage-history.ts';

/** The oldest entries of a range: at most 500. */
export interface ActivityPage<Entry> {
  readonly events: readonly Entry[];
  /** There are later ones in the range. */
  readonly hasMore: boolean;
}

/**
 * What happened with one device in a range of time: one call, and one page of the carrier. A device that the carrier does not know has
 * nothing. Each method throws as those of `AccountReads` do.
 */
export class ActivityReads {
  readonly #calls: AuthorizedCalls;

  constructor({ calls }: { readonly calls: AuthorizedCalls }) {
    this.#calls = calls;
  }

  /** POST devices/history/actions/list. */
  provisioning(query: HistoryQuery): Promise<ActivityPage<HistoryEvent>> {
    return this.#read('device_history', 'history/actions/list', query, deviceHistoryAnswer);
  }

  /** POST devices/connections/actions/listHistory. */
  connections(query: HistoryQuery): Promise<ActivityPage<ConnectionEvent>> {
    return this.#read('device_connections', 'connections/actions/listHistory', query, connectionHistoryAnswer);
  }

  /** POST devices/usage/actions/list. */
  usage(query: HistoryQuery): Promise<ActivityPage<UsageDay>> {
    return this.#read('device_usage', 'usage/actions/list', query, usageHistoryAnswer);
  }

  async #read<Entry>(
    name: string,
    list: string,
    { deviceId, earliestMs, latestMs }: HistoryQuery,
    shape: Shape<{ readonly hasMoreData: boolean | null; readonly events: readonly Entry[] }>,
  ): Promise<ActivityPage<Entry>> {
    const what = `tell what happened with a device by its ${deviceId.kind}`;
    const earliest = writeCarrierDate(Math.floor(earliestMs / 1000) * 1000);
    const latest = writeCarrierDate(Math.ceil(latestMs / 1000) * 1000);
    const body = JSON.stringify({ deviceId: wireDeviceId(deviceId), earliest, latest });
    const answer = await this.#calls.ask({ name, what, method: 'POST', path: `/m2m/v1/devices/${list}`, body, isRead: true });
    if (isDeviceNotFound(answer)) return { events: [], hasMore: false };
    const page = parseAnswer(what, shape, {
      ...answer,
      body: /\d{16}/.test(answer.text) ? (parseWithDigits(answer.text) ?? answer.body) : answer.body,
    });
    return { events: page.events, hasMore: hasMore(page, answer) };
  }
}
