import * as z from 'zod';
import { fieldsOf, isFields, lenientBoolean, lenientObjects, lenientText, listOrOne } from './carrier-values.ts';

/** A lead of the Vertical Partner Program: a customer for whom a partner may activate. */
export interface Lead {
  readonly leadId: string;
  /** Verbatim: `Qualified`, `Closed - Won`. */
  readonly state: string | null;
  readonly address: LeadAddress | null;
}

export interface LeadAddress {
  readonly addressLine1: string | null;
  readonly addressLine2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip: string | null;
  readonly country: string | null;
}

const address = fieldsOf({
  addressLine1: lenientText,
  addressLine2: lenientText,
  city: lenientText,
  state: lenientText,
  zip: lenientText,
  country: lenientText,
});
const lead = fieldsOf({ leadId: lenientText, leadState: lenientText, address: z.unknown().optional() });

/**
 * `GET leads/{account}?next=`: `{hasMoreData, leads: [{leadId, leadState, address}]}` (page "Retrieve Leads"). With status 202 there
 * are more: the header `Location` has their `next`. A lead without an id is of no use and left out.
 */
export const leadsAnswer = fieldsOf({ hasMoreData: lenientBoolean, leads: listOrOne })
  .refine(({ leads, hasMoreData }) => leads !== null || hasMoreData !== null)
  .transform(({ hasMoreData, leads }) => ({
    hasMoreData,
    leads: lenientObjects.parse(leads ?? []).flatMap((each): Lead[] => {
      const { leadId, leadState, address: place } = lead.parse(each);
      return leadId === null ? [] : [{ leadId, state: leadState, address: isFields(place) ? address.parse(place) : null }];
    }),
  }));
