import type { ShownSetting } from '../operations/define-operation.ts';
import { builder } from './builder.ts';
import { atMost } from './list-sizes.ts';
import { OWNED } from './rules.ts';

const RequestSetting = builder.objectRef<ShownSetting>('RequestSetting').implement({
  extensions: OWNED,
  description: 'One setting of a request.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the field in the mutation’s input, for example `servicePlan`.' }),
    value: t.exposeString('value', { description: 'Its value as text. A Boolean is `true` or `false`.' }),
  }),
});

/** Settings are a list of names and values and no type for each operation: a console shows new operations without a new document. */
export const RequestInput = builder.objectRef<readonly ShownSetting[]>('RequestInput').implement({
  extensions: OWNED,
  description:
    'What a request asked for, apart from its devices. Nothing personal is in it: no names, addresses, leads, custom fields or cost centers.',
  fields: (t) => ({
    settings: t.field({
      extensions: atMost(20),
      type: [RequestSetting],
      description:
        'The settings that were given and may be shown, in the order of the input: the service plan, the ZIP code, the group, the SKU and others. For a request about a group, `groupName` is the group.',
      resolve: (settings) => [...settings],
    }),
  }),
});
