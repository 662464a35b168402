import type { Operation } from '../operations/define-operation.ts';
import { OPERATIONS } from '../operations/index.ts';
import { builder } from './builder.ts';
import { inputTypeOf } from './input-types.ts';
import { resultOf } from './results.ts';
import { WRITE } from './rules.ts';

/** The mutation of a carrier operation: everything of it is what the operation's own file says. */
function declareMutation(operation: Operation): void {
  const { mutation, typeName, input, texts } = operation;
  builder.mutationField(mutation, (t) =>
    t.field({
      extensions: WRITE,
      type: resultOf(typeName, texts.noun),
      description: texts.mutation,
      args: { input: t.arg({ type: inputTypeOf(input), required: true, description: texts.input }) },
      resolve: (_parent, args, { submitter, caller }) => submitter.submit(caller, mutation, () => operation.parse(args.input)),
    }),
  );
}

for (const operation of OPERATIONS) declareMutation(operation);
