import type { InputFieldBuilder } from '@pothos/core';
import { builder } from './builder.ts';
import { DeviceIdentifierKindEnum } from './enums.ts';

type Fields = InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;

export const DeviceIdentifierInput = builder.inputType('DeviceIdentifierInput', {
  description: 'Type and value of one identifier of a device.',
  fields: (t) => ({
    kind: t.field({
      type: DeviceIdentifierKindEnum,
      required: true,
      description: 'What it identifies. Each operation says which kinds it takes.',
    }),
    id: t.string({
      required: true,
      description: 'The value, digits only. ICCID 18–20 digits, EID 32, IMEI 14–16, MDN 10, MSISDN 11, ESN 11; MEID 14 hexadecimal digits.',
    }),
  }),
});

/** What every mutation takes beside its own fields. */
export function requestOptions(t: Fields) {
  return {
    clientReference: t.string({
      required: false,
      description: 'Your own name for the request, 1–255 characters; `requests(filter: {clientReference})` finds it.',
    }),
    idempotencyKey: t.string({
      required: false,
      description:
        'Makes a repeat harmless: the same key with the same input gives the same request, and the carrier hears of it once. 1–255 characters, unique to you within the account. Use a new UUID for each action of a user.',
    }),
    validateOnly: t.boolean({
      required: false,
      description: 'Check everything and send nothing: the result is InputAccepted or InvalidInput.',
    }),
  };
}

export function accountName(t: Fields) {
  return t.string({
    required: true,
    description:
      'The billing account, usually 10 digits, a dash and 5 digits: `0868924207-00001`. Leading zeros must be included. The carrier itself asks for it only where a user has several billing accounts; here it is always required, so that a further account breaks nothing.',
  });
}
