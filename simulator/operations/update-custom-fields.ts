import { z } from 'zod';
import { emptyResponse, reportByCarrierService } from '../actions/carrier-service.ts';
import { checkCustomFields, customFieldList } from '../actions/custom-fields.ts';
import { defineOperation } from '../actions/define-operation.ts';
import { receiveSelection, selectionFields } from '../actions/selection.ts';
import { Refusal } from '../refusal.ts';

/**
 * Page "Update Custom Fields": `customFieldsToUpdate` are set, `customFields` choose devices. It works in every state.
 *
 * Inferred: that it works in every state, that an empty value empties a field, and that the result is empty, as in the older SOAP
 * messages.
 */
export const updateCustomFields = defineOperation({
  endpoint: 'customFields',
  method: 'PUT',
  path: '/api/m2m/v1/devices/actions/customFields',
  dialect: 'business',
  body: z.looseObject({ ...selectionFields, customFieldsToUpdate: customFieldList.nullish() }),
  receive: (body, carrier) => {
    const values = checkCustomFields(body.customFieldsToUpdate);
    if (values.size === 0) throw new Refusal('DeserializationFailed', 'Bad or missing element customFieldsToUpdate.');
    const selected = receiveSelection(body, carrier, { state: 'active' });
    return {
      ...selected,
      refuse: () => undefined,
      apply: ({ customFields }) => {
        for (const [name, value] of values) {
          if (value === '') customFields.delete(name);
          else customFields.set(name, value);
        }
      },
      reports: reportByCarrierService(carrier, {
        account: selected.account,
        legacyPath: ['ChangeDeviceCustomFields'],
        result: emptyResponse(carrier),
      }),
    };
  },
  example: {
    about: [
      'Sets custom fields of a device. Follow it with the',
      'id of its request.',
      '',
      'A field that is not named keeps its value. An empty',
      'value empties a field. Later mutations can choose',
      'devices by custom fields (customFieldFilter).',
    ],
    input: {
      customFieldsToUpdate: [
        { key: 'CustomField1', value: 'green' },
        { key: 'CustomField3', value: 'Dock 7' },
      ],
      target: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000089214755730' }] }] },
    },
  },
});
