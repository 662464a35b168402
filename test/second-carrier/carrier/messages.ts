import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJson, textOf, type Json } from './json.ts';
import { identifierOf, type Line } from './line.ts';

/**
 * The carrier's messages as its documentation shows them, or as integrators have seen them (`source`): the spelling of names,
 * the kinds of identifiers and their casing are the sample's. Two samples of one case differ in how they spell it.
 */
export interface Sample {
  readonly service: string;
  readonly case: string;
  readonly source: string;
  readonly body: Json;
}

export interface About {
  readonly requestId: string;
  readonly line: Line;
  readonly account: string;
}

export const SAMPLES: readonly Sample[] = readFileSync(join(import.meta.dirname, 'samples.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((row): Sample => JSON.parse(row));

export function sampleOf(name: string): Sample {
  const sample = SAMPLES.find((each) => each.case === name);
  if (!sample) throw new Error(`There is no sample ${name}.`);
  return sample;
}

/** The sample's message about this line of this request. */
export function messageAbout(name: string, { requestId, line, account }: About): Json {
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (!isJson(value)) return value;
    const copy: Json = {};
    for (const [member, inside] of Object.entries(value)) copy[member] = member === 'changeIdentifierResponse' ? inside : fill(inside);
    if ('id' in copy && 'kind' in copy) copy['id'] = identifierOf(line, textOf(copy['kind'])) ?? copy['id'];
    if ('Identifier' in copy && 'Kind' in copy) copy['Identifier'] = identifierOf(line, textOf(copy['Kind'])) ?? copy['Identifier'];
    if ('accountName' in copy) copy['accountName'] = account;
    for (const member of ['requestId', 'RequestId']) if (member in copy) copy[member] = requestId;
    return copy;
  };
  const message = fill(sampleOf(name).body);
  if (!isJson(message)) throw new Error(`The sample ${name} is no message.`);
  return message;
}
