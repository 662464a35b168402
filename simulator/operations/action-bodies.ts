import { z } from 'zod';

/** Shapes of the action bodies: which elements there are and of what type. What they may hold is checked elsewhere. */
const text = z.string().nullish();

const customFields = z.array(z.looseObject({ key: z.string(), value: z.string() }));

const devices = z.array(
  z.looseObject({
    deviceIds: z.array(z.looseObject({ kind: z.string(), id: z.string() })),
    ipAddress: text,
  }),
);

const placeOfUse = z.looseObject({
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

/** Body of `POST devices/actions/activate`. */
export const activateBody = z.looseObject({
  devices: devices.nullish(),
  accountName: text,
  servicePlan: text,
  mdnZipCode: text,
  groupName: text,
  skuNumber: text,
  carrierName: text,
  carrierIpPoolName: text,
  customFields: customFields.nullish(),
  filter: z.looseObject({ customFields: customFields.nullish() }).nullish(),
  leadId: text,
  costCenterCode: text,
  publicIpRestriction: text,
  primaryPlaceOfUse: placeOfUse.nullish(),
});

export type ActivateBody = z.infer<typeof activateBody>;
export type DevicesInRequest = z.infer<typeof devices>;
export type PlaceOfUseInRequest = z.infer<typeof placeOfUse>;

/** Body of the profile operations. */
export const profileBody = z.looseObject({ devices, accountName: text, servicePlan: text, mdnZipCode: text });

export type ProfileBody = z.infer<typeof profileBody>;
