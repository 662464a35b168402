import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { firewallAnswer } from '../http/fault-answer.ts';
import { type Answer, isRecord } from '../http/route.ts';
import { pascalCase } from './pascal-case.ts';
import type { Unkind } from './unkind-switch.ts';
import type { UnkindnessName } from './unkindnesses.ts';

const firewalls: readonly (readonly [UnkindnessName, status: number])[] = [
  ['firewall-200', 200],
  ['firewall-403', 403],
  ['firewall-404', 404],
];

const compressions: readonly (readonly [UnkindnessName, coding: string, compress: (text: string) => Uint8Array])[] = [
  ['answer-gzip', 'gzip', (text) => gzipSync(text)],
  ['answer-deflate', 'deflate', (text) => deflateSync(text)],
  ['answer-br', 'br', (text) => brotliCompressSync(text)],
];

/** The answer of a machine in front of the carrier, which lets no request through; undefined when there is none. */
export function firewallOf(unkind: Unkind): Answer | undefined {
  const found = unkind.size === 0 ? undefined : firewalls.find(([name]) => unkind.has(name));
  return found && firewallAnswer(found[1]);
}

/** An answer of the carrier as its unkindnesses write it. They combine: first the names and values, then the bytes. */
export function spellAnswer(unkind: Unkind, answer: Answer): Answer {
  if (unkind.size === 0) return answer;
  if (unkind.has('empty-answer')) return { ...answer, status: 200, body: undefined };
  const body = spellJson(unkind, answer.body);
  if (body === undefined || body instanceof Uint8Array) return answer;
  const text = `${unkind.has('answer-bom') ? '\ufeff' : ''}${typeof body === 'string' ? body : JSON.stringify(body)}`;
  const compression = compressions.find(([name]) => unkind.has(name));
  if (compression === undefined) return { ...answer, body: text };
  const [, coding, compress] = compression;
  return { ...answer, body: compress(text), headers: { ...answer.headers, 'content-encoding': coding } };
}

function spellJson(unkind: Unkind, body: unknown): unknown {
  if (Array.isArray(body)) {
    const spelled = unkind.has('answer-pascal-case') ? pascalCase(body) : body;
    return unkind.has('one-as-object') && Array.isArray(spelled) && spelled.length === 1 ? spelled[0] : spelled;
  }
  if (!isRecord(body)) return body;
  if (typeof body['errorCode'] === 'string') {
    const error = unkind.has('error-pascal-case') || unkind.has('answer-pascal-case') ? pascalCase(body) : body;
    return unkind.has('error-list') || unkind.has('answer-list') ? [error] : error;
  }
  const { requestId } = body;
  const spelled = typeof requestId === 'string' ? { ...body, requestId: spellId(unkind, requestId) } : body;
  const named = unkind.has('answer-pascal-case') ? pascalCase(spelled) : spelled;
  return unkind.has('answer-list') ? [named] : named;
}

function spellId(unkind: Unkind, id: string): string {
  const spelled = unkind.has('answer-braces') ? `{${id.toUpperCase()}}` : id;
  return unkind.has('answer-blanks') ? `  ${spelled}\t ` : spelled;
}
