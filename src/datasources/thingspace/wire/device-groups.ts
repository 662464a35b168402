import { fieldsOf, lenientBoolean, lenientObjects, lenientText, listOrOne } from './carrier-values.ts';

/** A device group of an account. A device is in exactly one. */
export interface DeviceGroupRecord {
  readonly name: string;
  readonly description: string | null;
  /** The group of the devices that are in no other one. */
  readonly isDefault: boolean;
}

const group = fieldsOf({ name: lenientText, description: lenientText, isDefaultGroup: lenientBoolean });

/** `GET groups/{account}`: `[{name, description, isDefaultGroup, extendedAttributes}]` (page "List Device Groups"). */
export const deviceGroupsAnswer = listOrOne
  .refine((list) => list !== null)
  .transform((list): DeviceGroupRecord[] =>
    lenientObjects.parse(list ?? []).flatMap((each) => {
      const { name, description, isDefaultGroup } = group.parse(each);
      return name === null ? [] : [{ name, description, isDefault: isDefaultGroup === true }];
    }),
  );

/** What a change of groups answers: `{success}`. */
export const successAnswer = fieldsOf({ success: lenientBoolean }).refine(({ success }) => success !== null);
