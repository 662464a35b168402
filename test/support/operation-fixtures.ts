import { readdirSync } from 'node:fs';
import type { Operation } from '../../src/operations/define-operation.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import type { Proof } from '../../src/operations/proof.ts';
import type { DocumentedCallback } from './documented-callbacks.ts';
import { eid, iccid } from './devices.ts';
import { fixture } from './fixture.ts';

export interface Identifier {
  readonly kind: string;
  readonly value: string;
}

/** What the carrier's page says of an operation, and what shows that the gateway does it: test/fixtures/operations/<file>.json. */
export interface OperationFixture {
  /** A short name: begins the ids of its rows. */
  readonly page: string;
  /** The least valid input, in which a test changes one thing. */
  readonly input: { readonly accountName: string } & (Listed | { readonly target: Listed });
  readonly identifierKinds: readonly string[];
  /** Identifiers that have to stand beside those of other kinds. */
  readonly companions?: readonly Identifier[];
  /** Whether a group and a whole account need `confirmDeviceCount`. */
  readonly counts?: true;
  /** Each rule of its input just inside its bound and just beyond: what differs from `input`, and the faults it must have. */
  readonly rules?: readonly (readonly [rule: string, change: Readonly<Record<string, unknown>>, faults: readonly string[]])[];
  readonly pageRows: readonly PageRow[];
  readonly requests: readonly GoldenRequest[];
  readonly callbacks: readonly DocumentedCallback[];
  /** Records of the device list, with times in milliseconds after the sending; and what the input of the request has beside `input`. */
  readonly provingRecords: readonly (readonly [ProvingRecord, Proof, change?: Readonly<Record<string, unknown>>])[];
  /** Events of the provisioning history, of status Success and at the moment of sending where they do not say. */
  readonly provingEvents: readonly (readonly [ProvingEvent, boolean])[];
}

interface ProvingRecord {
  readonly state?: string;
  readonly profileStatus?: string;
  readonly servicePlan?: string;
  readonly customFields?: Readonly<Record<string, string>>;
  readonly costCenterCode?: string;
  readonly activatedAfterMs?: number;
}

interface ProvingEvent {
  readonly type: string | null;
  readonly status?: string | null;
  readonly servicePlan?: string | null;
  readonly occurredAfterMs?: number | null;
}

/**
 * A row of a table, a rule or a statement of a carrier's page, and what it is tied to: an input or output field, a phrase of a
 * description, or a test that shows it.
 */
export interface PageRow {
  readonly id: string;
  readonly kind: 'path' | 'header' | 'request' | 'rule' | 'note' | 'example' | 'response' | 'callback' | 'legacy' | 'nidd';
  readonly text: string;
  readonly ties: readonly Tie[];
}

export type Tie =
  | { readonly field: string }
  | { readonly description: string; readonly says: string }
  | { readonly test: string; readonly file: string };

/** A request example of a page (or a line of its parameter table), as a GraphQL input and as the body it must become. */
export interface GoldenRequest {
  readonly name: string;
  readonly verdict: 'ACCEPTED' | 'REFUSED';
  readonly faults?: readonly { readonly path: readonly string[]; readonly code: string }[];
  readonly input: Record<string, unknown>;
  readonly path: string;
  readonly wire: unknown;
}

interface Listed {
  readonly devices: readonly { readonly deviceIds: readonly Identifier[] }[];
}

/** The input with other devices. An operation on a group or an account too has them in its target. */
export function withDevices<Devices>({ input }: OperationFixture, devices: Devices) {
  return { ...input, ...('target' in input ? { target: { devices } } : { devices }) };
}

/** How one of many devices is named: by its ICCID, or by its EID where the operation takes nothing else. */
export function identifierOf(number: number, { identifierKinds }: OperationFixture): Identifier {
  return identifierKinds.includes('ICCID') ? { kind: 'ICCID', value: iccid(number) } : { kind: 'EID', value: eid(number) };
}

/** The identifiers with the companions that they lack. */
export function withCompanions(deviceIds: readonly Identifier[], { companions = [] }: OperationFixture): Identifier[] {
  return [...deviceIds, ...companions.filter(({ kind }) => !deviceIds.some((identifier) => identifier.kind === kind))];
}

/** The same faults, with the paths of an operation on a list only. */
export function belowTarget(faults: readonly string[]): string[] {
  return faults.map((fault) => fault.replace(/^target\./, ''));
}

export interface OperationCase extends OperationFixture {
  readonly operation: Operation;
}

/** Every operation with its fixture; an operation without one, or a fixture without an operation, is an error. */
export const OPERATION_CASES: readonly OperationCase[] = OPERATIONS.map((operation) => ({
  operation,
  ...(JSON.parse(fixture(`operations/${fileName(operation)}.json`)) as OperationFixture),
}));

const strays = readdirSync(new URL('../fixtures/operations/', import.meta.url)).filter(
  (file) => !OPERATIONS.some((operation) => file === `${fileName(operation)}.json`),
);
if (strays.length > 0) throw new Error(`No operation has the fixtures ${strays.join(', ')}.`);

function fileName({ name }: Operation): string {
  return name.toLowerCase().replaceAll('_', '-');
}
