import type { DeviceIdentifier as Identifier } from '../datasources/thingspace/wire/device-identifier.ts';
import { builder } from './builder.ts';
import { DeviceIdentifierKindEnum } from './enums.ts';
import { atMost } from './list-sizes.ts';
import { OWNED } from './rules.ts';

/** A mutation or a message names a device by nine kinds. A message may hold more, which stay in what is stored. */
export const IDENTIFIERS_OF_MESSAGE = atMost(10);
/** All that is known of a device: what the mutation and two messages name, most of it twice. */
export const IDENTIFIERS_KNOWN = atMost(12);

export const DeviceIdentifier = builder.objectRef<Identifier>('DeviceIdentifier').implement({
  extensions: OWNED,
  description: 'One identifier of a device.',
  fields: (t) => ({
    kind: t.expose('kind', {
      type: DeviceIdentifierKindEnum,
      nullable: true,
      description: 'The kind of the identifier. Null for a kind that this gateway does not know: read `reportedKind`.',
    }),
    value: t.exposeString('id', { description: 'The identifier as the mutation or the carrier wrote it, leading zeros included.' }),
    reportedKind: t.exposeString('reportedKind', {
      description: 'The kind as it was written, for example `iccId` or `Imei`. The carrier’s spelling differs between its services.',
    }),
  }),
});
