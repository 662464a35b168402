import { GatewayError } from '../../errors.ts';
import type { AuthorizedAnswer, AuthorizedCalls } from './authorized-calls.ts';
import { hasMore, parseAnswer } from './judge-answer.ts';
import { accountAnswer, type AccountRecord } from './wire/account.ts';
import { deviceGroupsAnswer, type DeviceGroupRecord } from './wire/device-groups.ts';
import { leadsAnswer, type Lead } from './wire/leads.ts';
import { servicePlansAnswer, type ServicePlan } from './wire/service-plans.ts';

export interface LeadPage {
  readonly leads: readonly Lead[];
  /** Asks for the next page. Null when this was the last. */
  readonly next: string | null;
}

/**
 * What the carrier has of a billing account. Each method throws a GatewayError: those of `AuthorizedCalls.ask`; CARRIER_UNAVAILABLE for
 * a 2xx that cannot be read; CARRIER_REFUSED for a refusal.
 */
export class AccountReads {
  readonly #calls: AuthorizedCalls;

  constructor({ calls }: { readonly calls: AuthorizedCalls }) {
    this.#calls = calls;
  }

  /** GET plans/{account}. */
  async servicePlans(accountName: string): Promise<readonly ServicePlan[]> {
    const what = 'list the service plans';
    return parseAnswer(what, servicePlansAnswer, await this.#get('plans', what, 'plans', accountName));
  }

  /** GET accounts/{account}. */
  async account(accountName: string): Promise<AccountRecord> {
    const what = 'tell of the account';
    return parseAnswer(what, accountAnswer, await this.#get('account', what, 'accounts', accountName));
  }

  /** GET groups/{account}: without the devices of each. */
  async groups(accountName: string): Promise<readonly DeviceGroupRecord[]> {
    const what = 'list the device groups';
    return parseAnswer(what, deviceGroupsAnswer, await this.#get('groups', what, 'groups', accountName));
  }

  /**
   * GET leads/{account}: one page.
   *
   * @param next of the page before; null for the first one.
   */
  async leads(accountName: string, next: string | null): Promise<LeadPage> {
    const what = 'list the leads';
    const query = next === null ? '' : `?next=${encodeURIComponent(next)}`;
    const answer = await this.#get('leads', what, 'leads', accountName, query);
    const page = parseAnswer(what, leadsAnswer, answer);
    if (!hasMore(page, answer)) return { leads: page.leads, next: null };
    const following = nextIn(answer.location);
    if (following !== null && following !== next) return { leads: page.leads, next: following };
    throw new GatewayError('CARRIER_REFUSED', 'ThingSpace has more leads, but does not say where. The rest cannot be asked for.');
  }

  #get(name: string, what: string, list: string, accountName: string, query = ''): Promise<AuthorizedAnswer> {
    const path = `/m2m/v1/${list}/${encodeURIComponent(accountName)}${query}`;
    return this.#calls.ask({ name, what, method: 'GET', path, isRead: true });
  }
}

/** The `next` of a URL, which may be without its origin. Nothing else of it is used. */
function nextIn(location: string | null): string | null {
  return (location !== null && URL.parse(location, 'https://carrier.invalid')?.searchParams.get('next')) || null;
}
