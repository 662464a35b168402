import { adviceFor, isRetriable } from '../resolvers/requests/advice.ts';
import type { FaultCount as Counted } from '../resolvers/requests/failed-devices.ts';
import { builder } from './builder.ts';
import { OWNED } from './rules.ts';

export const FaultCount = builder.objectRef<Counted>('FaultCount').implement({
  extensions: OWNED,
  description: 'How many devices of a request failed with one fault code.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'The carrier’s `faultcode`, as in `Fault.code`. Pass it to `outcomes(faultCode:)`.' }),
    message: t.exposeString('message', { description: 'The carrier’s `faultstring` for the first of the devices.' }),
    advice: t.string({
      nullable: true,
      description: 'What to do about it. Null when this gateway has no advice for the code.',
      resolve: ({ code }) => adviceFor(code),
    }),
    retriable: t.boolean({
      description: 'True when a retry may succeed, as in `Fault.retriable`.',
      resolve: ({ code }) => isRetriable(code),
    }),
    count: t.exposeInt('count', { description: 'How many devices are FAILED with this code now.' }),
  }),
});
