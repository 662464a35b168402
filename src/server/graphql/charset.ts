const PARAMETER = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;,\s]*))/gi;

/** Whether every charset in a header's value is UTF-8, by any of its names (WHATWG Encoding: `utf8`, `unicode-1-1-utf-8`, …). */
export function hasOnlyUtf8(header: string): boolean {
  return [...header.matchAll(PARAMETER)].every(([, quoted, plain]) => isUtf8(quoted ?? plain ?? ''));
}

/** The header's value with one name for UTF-8. */
export function nameUtf8(header: string): string {
  return header.replaceAll(PARAMETER, (parameter, quoted?: string, plain?: string) =>
    isUtf8(quoted ?? plain ?? '') ? '; charset=utf-8' : parameter,
  );
}

function isUtf8(label: string): boolean {
  try {
    return new TextDecoder(label).encoding === 'utf-8';
  } catch {
    return false;
  }
}
