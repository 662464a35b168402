import { identifierOf, type Line } from './carrier/line.ts';

/** Inputs and their counterparts on the wire. */
export type Kind = 'imei' | 'iccid' | 'eid' | 'mdn';

/** Devices as a mutation names them. */
export const named = (lines: readonly Line[], ...kinds: Kind[]) => ({
  devices: lines.map((line) => ({ deviceIds: kinds.map((kind) => ({ kind: kind.toUpperCase(), value: identifierOf(line, kind) })) })),
});

/** The same where an operation lets its caller choose between a list, a group and the whole account. */
export const chosen = (lines: readonly Line[], ...kinds: Kind[]) => ({ target: named(lines, ...kinds) });

/** The same as the pages write it. */
export const wired = (lines: readonly Line[], ...kinds: Kind[]) => ({
  devices: lines.map((line) => ({ deviceIds: kinds.map((kind) => ({ kind, id: identifierOf(line, kind) })) })),
});

/** What activate needs besides its devices. */
export const PLAN = { servicePlan: 'm2m4G', mdnZipCode: '98801' };

export const activation = (...lines: Line[]) => ({ ...PLAN, ...chosen(lines, 'imei', 'iccid') });
