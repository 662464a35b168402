import { z } from 'zod';
import { optionalText as text } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

/** The primary place of use in a body. */
export const placeOfUseInput = z.looseObject({
  customerName: z.looseObject({ title: text, firstName: text, middleName: text, lastName: text, suffix: text }).nullish(),
  address: z
    .looseObject({
      addressLine1: text,
      addressLine2: text,
      city: text,
      state: text,
      zip: text,
      zip4: text,
      country: text,
      phone: text,
      phoneType: text,
      emailAddress: text,
    })
    .nullish(),
});

const plainText = /^[A-Za-z0-9 \-!#]+$/;

function required(value: string | null | undefined, name: string): string {
  if (!value) throw new Refusal('DeserializationFailed', `primaryPlaceOfUse: ${name} is required.`);
  return value;
}

function invalid(message: string): Refusal {
  return new Refusal('INPUT_INVALID.PrimaryPlaceOfUse.Invalid', message);
}

/**
 * The primary place of use as extended attributes of a device.
 *
 * Documented: first name ≤ 20 and last name ≤ 25 of letters, digits, space - ! #; state of two letters; country US or
 * USA; no P.O. box. The code `INPUT_INVALID.PrimaryPlaceOfUse.Invalid` is inferred.
 */
export function checkPlaceOfUse(input: z.infer<typeof placeOfUseInput>): Map<string, string> {
  const { customerName, address } = input;
  if (!customerName) throw new Refusal('DeserializationFailed', 'primaryPlaceOfUse: customerName is required.');
  if (!address) throw new Refusal('DeserializationFailed', 'primaryPlaceOfUse: address is required.');
  const firstName = required(customerName.firstName, 'firstName');
  const lastName = required(customerName.lastName, 'lastName');
  const line1 = required(address.addressLine1, 'addressLine1');
  const state = required(address.state, 'state');
  const country = required(address.country, 'country');
  if (firstName.length > 20 || !plainText.test(firstName)) throw invalid('firstName is not valid.');
  if (lastName.length > 25 || !plainText.test(lastName)) throw invalid('lastName is not valid.');
  if (/\bp\.?\s*o\.?\s*box\b/i.test(line1)) throw invalid('addressLine1 cannot be a P.O. box.');
  if (!/^[A-Za-z]{2}$/.test(state)) throw invalid('state must have two letters.');
  if (country !== 'US' && country !== 'USA') throw invalid('country must be US or USA.');
  const attributes: Record<string, string | null | undefined> = {
    Title: customerName.title,
    FirstName: firstName,
    MiddleName: customerName.middleName,
    LastName: lastName,
    Suffix: customerName.suffix,
    AddressLine1: line1,
    AddressLine2: address.addressLine2,
    City: required(address.city, 'city'),
    State: state,
    Country: country,
    ZipCode: required(address.zip, 'zip'),
    ZipCode4: address.zip4,
    CBRPhone: address.phone,
    CBRPhoneType: address.phoneType,
    EmailAddress: address.emailAddress,
  };
  return new Map(Object.entries(attributes).flatMap(([name, value]) => (value ? [[`PrimaryPlaceOfUse${name}`, value] as const] : [])));
}
