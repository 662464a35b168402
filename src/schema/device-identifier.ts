import type { DeviceIdentifier as Identifier } from '../datasources/thingspace/wire/device-identifier.ts';
import { builder } from './builder.ts';
import { DeviceIdentifierKindEnum } from './enums.ts';
import { OWNED } from './rules.ts';

export const DeviceIdentifier = builder.objectRef<Identifier>('DeviceIdentifier').implement({
  extensions: OWNED,
  description: 'One identifier of a device.',
  fields: (t) => ({
    kind: t.expose('kind', {
      type: DeviceIdentifierKindEnum,
      nullable: true,
      description: 'What it identifies; null for a kind this gateway does not know (see `reportedKind`).',
    }),
    id: t.exposeString('id', { description: 'The identifier, digits as the carrier wrote them.' }),
    reportedKind: t.exposeString('reportedKind', {
      description: 'The kind as it was written, for example `iccId` or `Imei`: the carrier’s spelling varies between its services.',
    }),
  }),
});
