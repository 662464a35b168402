import { OPERATIONS } from '../operations/index.ts';
import { builder } from './builder.ts';
import { inputTypeOf } from './input-types.ts';
import { resultOf } from './mutation-results.ts';
import { TERMINATE, WRITE } from './rules.ts';

const RULES = { write: WRITE, terminate: TERMINATE } as const;

for (const operation of OPERATIONS) {
  const { mutation, typeName, input, texts, scope } = operation;
  builder.mutationField(mutation, (t) =>
    t.field({
      extensions: RULES[scope],
      type: resultOf(typeName, texts.noun),
      description: texts.mutation,
      args: { input: t.arg({ type: inputTypeOf(input), required: true, description: 'The account, the devices and the settings.' }) },
      resolve: (_parent, args, { submitter, caller }) => submitter.submit(caller, mutation, () => operation.parse(args.input)),
    }),
  );
}
