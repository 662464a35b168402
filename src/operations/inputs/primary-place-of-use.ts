import * as z from 'zod';
import * as field from './fields.ts';
import { absent } from './request-options.ts';

const optional = (what: string, max: number) => field.safeText(what, max).nullish().transform(absent);

/** "P.O. Box 12", "PO Box", "POB 12", "post office box": the address is for taxation and must be a physical one. */
const PO_BOX = /\bp(?:ost)?[\s.-]*o(?:ffice)?[\s.-]*b(?:ox\b|\.?[\s#]*\d)/i;

/** Customer name and address of the line's primary place of use; lengths and characters as the activation page has them. */
export const primaryPlaceOfUse = z.object({
  customerName: z.object({
    title: optional('title', 50),
    firstName: field.plainText('firstName', 20),
    middleName: optional('middleName', 50),
    lastName: field.plainText('lastName', 25),
    suffix: optional('suffix', 50),
  }),
  address: z.object({
    addressLine1: field.safeText('addressLine1', 100).refine((line) => !PO_BOX.test(line), {
      message: 'addressLine1 must be a physical address, not a P.O. box: it is used for taxation.',
      params: { code: 'PO_BOX' },
    }),
    addressLine2: optional('addressLine2', 100),
    city: field.safeText('city', 100),
    state: z.string().regex(/^[A-Z]{2}$/, 'state must be the two-letter abbreviation, for example "TX".'),
    zip: field.zipCode('zip'),
    zip4: z
      .string()
      .regex(/^\d{4}$/, 'zip4 must be the 4 digits after the ZIP code.')
      .nullish()
      .transform(absent),
    country: z.string().regex(/^USA?$/, 'country must be "US" or "USA".'),
    phone: z
      .string()
      .regex(/^[0-9+(). -]{7,20}$/, 'phone must be a phone number of 7 to 20 digits and + ( ) . - characters.')
      .nullish()
      .transform(absent),
    phoneType: z
      .string()
      .regex(/^[A-Za-z]$/, 'phoneType must be a single letter, for example "H" or "W".')
      .nullish()
      .transform(absent),
    emailAddress: field
      .safeText('emailAddress', 254)
      .refine((address) => z.email().safeParse(address).success, {
        message: 'emailAddress must be an e-mail address.',
        params: { code: 'EMAIL' },
      })
      .nullish()
      .transform(absent),
  }),
});
