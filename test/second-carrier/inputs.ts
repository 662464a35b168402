import { identifierOf, type Line } from './carrier/line.ts';

/** Inputs and their counterparts on the wire. */
export type Kind = 'imei' | 'iccid' | 'eid' | 'mdn';

/** Devices as a mutation names them. */
export const named = (lines: readonly Line[], ...kinds: Kind[]) => ({
  devices: lines.map((line) => ({ deviceIds: kinds.map((kind) => ({ kind: kind.toUpperCase(), value: identifierOf(line, kind) })) })),
});

/** The same as the pages write it. */
export const wired = (lines: readonly Line[], ...kinds: Kind[]) => ({
  devices: lines.map((line) => ({ deviceIds: kinds.map((kind) => ({ kind, id: identifierOf(line, kind) })) })),
});

/** What activate needs besides its devices. */
export const PLAN = { servicePlan: 'm2m4G', mdnZipCode: '98801' };

export const activation = (...lines: Line[]) => ({ ...PLAN, ...named(lines, 'imei', 'iccid') });
