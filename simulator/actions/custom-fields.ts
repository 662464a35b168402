import { z } from 'zod';
import { Refusal } from '../refusal.ts';

/** Custom fields in a body. */
export const customFieldList = z.array(z.looseObject({ key: z.string(), value: z.string() }));

/** Custom fields by name. Refuses with `INPUT_INVALID.CustomField.InvalidName` (CustomField1 to 5) or `.TooLong` (over 50). */
export function checkCustomFields(fields: z.infer<typeof customFieldList> | null | undefined): Map<string, string> {
  const checked = new Map<string, string>();
  for (const { key, value } of fields ?? []) {
    if (!/^CustomField[1-5]$/.test(key)) {
      throw new Refusal('INPUT_INVALID.CustomField.InvalidName', `${key} is not the name of a custom field.`);
    }
    if (value.length > 50) {
      throw new Refusal('INPUT_INVALID.CustomField.TooLong', `The value of ${key} is longer than 50 characters.`);
    }
    checked.set(key, value);
  }
  return checked;
}
