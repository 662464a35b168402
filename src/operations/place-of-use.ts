import * as z from 'zod';
import { about, breaks, INPUT_TYPES, optional, plainText, text, zipCode } from './fields.ts';

/** Matches "P.O. Box 12", "PO Box", "POB 12" and "post office box". The address is for taxation and must be a physical one. */
const PO_BOX = /\bp(?:ost)?[\s.-]*o(?:ffice)?[\s.-]*b(?:ox\b|\.?[\s#]*\d)/i;

const CUSTOMER = 'The customer name to be used for line usage taxation.';

const customerName = z
  .object({
    title: optional(text(50)).describe('A title such as `Mr.` or `Dr.`, at most 50 characters.'),
    firstName: plainText(20).describe('First name: at most 20 letters, digits, spaces, dashes, exclamation points and pound signs.'),
    middleName: optional(text(50)).describe('Middle name, at most 50 characters.'),
    lastName: plainText(25).describe('Last name: at most 25 letters, digits, spaces, dashes, exclamation points and pound signs.'),
    suffix: optional(text(50)).describe('A suffix such as `Jr.` or `III.`, at most 50 characters.'),
  })
  .register(INPUT_TYPES, { name: 'CustomerNameInput', description: CUSTOMER });

const address = z
  .object({
    addressLine1: text(100)
      .refine(
        (line) => !PO_BOX.test(line),
        breaks('PO_BOX', 'must be a physical address and not a P.O. box, because it is used for taxation.'),
      )
      .describe('The street address, at most 100 characters. It must be a physical address for taxation; it cannot be a P.O. box.'),
    addressLine2: optional(text(100)).describe('Additional street address information, at most 100 characters.'),
    city: text(100).describe('The city, at most 100 characters.'),
    state: z
      .string()
      .regex(/^[A-Z]{2}$/, about('must be the two-letter abbreviation, for example "TX".'))
      .describe('The two-letter abbreviation of the state, for example `TX` for Texas (ISO 3166-2:US).'),
    zip: zipCode.describe('The ZIP code, 5 digits.'),
    zip4: optional(z.string().regex(/^\d{4}$/, about('must be 4 digits, those after the ZIP code.'))).describe(
      'The 4 digits of the ZIP+4.',
    ),
    country: z
      .string()
      .regex(/^USA?$/, about('must be "US" or "USA".'))
      .describe('Either `US` or `USA`.'),
    phone: optional(
      z.string().regex(/^[0-9+(). -]{7,20}$/, about('must be a phone number of 7 to 20 digits and + ( ) . - characters.')),
    ).describe('A phone number where the customer can be reached: 7 to 20 digits, spaces and + ( ) . - characters.'),
    phoneType: optional(z.string().regex(/^[A-Za-z]$/, about('must be a single letter, for example "H" or "W".'))).describe(
      'A single letter for the type of the phone, for example `H` or `W`.',
    ),
    emailAddress: optional(
      text(254).refine((value) => z.email().safeParse(value).success, breaks('EMAIL', 'must be an e-mail address.')),
    ).describe('An e-mail address of the customer, at most 254 characters.'),
  })
  .register(INPUT_TYPES, {
    name: 'PlaceOfUseAddressInput',
    description: 'The customer address for the line’s primary place of use, for line usage taxation.',
  });

/** Customer name and address of the line's primary place of use. Lengths and characters are those of the activation page. */
export const primaryPlaceOfUse = z
  .object({
    customerName: customerName.describe(CUSTOMER),
    address: address.describe('The customer address for line usage taxation.'),
  })
  .register(INPUT_TYPES, {
    name: 'PrimaryPlaceOfUseInput',
    description:
      'The customer name and the address of the device’s primary place of use, applied to all devices of the request. The location may affect taxation or have other legal implications; you may want legal or financial advice before entering it. If the account is enabled for non-geographic MDNs and the device supports it, the address is also used to derive the MDN.',
  });
