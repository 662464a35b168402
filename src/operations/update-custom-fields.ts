import { confirmedLineBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { possiblyEmpty } from './fields.ts';
import { confirmedLines } from './line-target.ts';
import { customFieldList, reportRepeatedKeys } from './target.ts';

/** Page "Update custom fields". `customFieldsToUpdate` are values to set there; `customFields` choose devices, as on other pages. */
export const updateCustomFields = defineOperation({
  name: 'UPDATE_CUSTOM_FIELDS',
  method: 'PUT',
  path: '/m2m/v1/devices/actions/customFields',
  callbackService: 'CarrierService',
  secondService: null,
  maxDevices: 10_000,
  hasRateLimit: false,
  scope: 'write',
  texts: {
    purpose: 'Set custom fields of devices',
    noun: 'The update of custom fields',
    mutation:
      'Sets custom fields of devices, in whatever state they are. A field that is not named keeps its value. It costs nothing, and the same update again changes nothing. Each device reports in a callback.',
    inputType: "Which devices get which custom fields. No field may contain `'`, `<` or `\\`.",
  },
  target: confirmedLines({ verb: 'update', consequence: 'the custom fields of every device of the account will be set' }),
  fields: {
    customFieldsToUpdate: customFieldList(
      'CustomFieldUpdateInput',
      'A custom field and its new value.',
      "The new value: a text of at most 50 characters, without `'`, `<` and `\\`. An empty text is sent as it is. It should empty the field, but the carrier’s pages do not say so: look at the device afterwards.",
      possiblyEmpty(50),
    ).describe('The custom fields to set, each key once. To choose devices by custom fields, use `customFieldFilter`.'),
  },
  shown: ['groupName', 'servicePlan'],
  reportFaults: ({ customFieldsToUpdate }, report) => reportRepeatedKeys(customFieldsToUpdate, ['customFieldsToUpdate'], report),
  body: confirmedLineBody,
  // | record of the device list | proof |
  // |---|---|
  // | every field has its new value; an emptied one is empty or missing | DONE |
  // | no custom fields at all, not even an empty list | LOOK_CLOSER: list that device alone |
  // | any other | NOT_YET |
  //
  // The history has no event of it.
  provenBy: ({ customFieldsToUpdate }) => ({
    requestStatus: false,
    record: ({ customFields }) => {
      if (customFields === null) return 'LOOK_CLOSER';
      const values = new Map(customFields.map(({ key, value }) => [key.toLowerCase(), value]));
      return customFieldsToUpdate.every(({ key, value }) => (values.get(key.toLowerCase()) ?? '') === value) ? 'DONE' : 'NOT_YET';
    },
    history: () => false,
  }),
  retryKinds: ['ICCID', 'IMEI', 'EID', 'MDN'],
});
