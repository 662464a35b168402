import { gzipSync } from 'node:zlib';
import type { RenderedCallback } from '../callbacks/render-callback.ts';
import type { Unkind } from './unkind-switch.ts';

/** A callback as its bytes go over the wire. */
export interface WrappedCallback {
  readonly url: string;
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is around a message: nothing, or what its unkindnesses put there. They combine, from the innermost to the outermost. */
export function wrapCallback(unkind: Unkind, url: string, { body, contentType }: RenderedCallback): WrappedCallback {
  if (unkind.size === 0) return { url, body, headers: { 'content-type': contentType } };
  let text = body;
  let type = contentType;
  if (unkind.has('callback-list') && text.startsWith('{')) text = `[${text}]`;
  if (unkind.has('callback-references')) {
    text = `<?xml version="1.0"?><string>${Array.from(text, (letter) => `&#x${letter.codePointAt(0)?.toString(16)};`).join('')}</string>`;
    type = 'text/xml';
  }
  let bytes: Uint8Array | undefined;
  if (unkind.has('callback-latin1')) {
    bytes = Buffer.from(text, 'latin1');
    type = `${bareType(type)}; charset=latin1`;
  } else if (unkind.has('callback-utf-16')) {
    bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
    type = `${bareType(type)}; charset=utf-16`;
  }
  if (!unkind.has('callback-gzip')) return { url: target(unkind, url), body: bytes ?? text, headers: { 'content-type': type } };
  const headers = { 'content-type': type, 'content-encoding': 'gzip' };
  return { url: target(unkind, url), body: gzipSync(bytes ?? text), headers };
}

const target = (unkind: Unkind, url: string): string => (unkind.has('callback-slash') ? url.replace(/\/?(?=\?|$)/, '/') : url);

const bareType = (type: string): string => type.split(';')[0] ?? type;
