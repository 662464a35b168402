import { XMLParser } from 'fast-xml-parser';

interface UnreadableXml {
  readonly unreadable: 'NOT_A_CALLBACK_REQUEST' | 'XML_DTD' | 'XML_ENTITY';
}

/** Something in XML that is not read: a DTD, or a reference to an entity that a DTD would have to declare. */
class Unread extends Error {
  readonly reason: 'XML_DTD' | 'XML_ENTITY';

  constructor(reason: 'XML_DTD' | 'XML_ENTITY') {
    super(reason);
    this.reason = reason;
  }
}

/**
 * It takes no DTD, no attributes, and no entities but the five of XML itself (`&amp;` …). It does not read numbers, because
 * identifiers have leading zeros and 20 digits.
 */
const xml = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  removeNSPrefix: true,
  entityDecoder: {
    decode: (text) => text.replace(/&([^;&]*;?)/g, (_reference, name: string) => expand(name)),
    addInputEntities() {
      throw new Unread('XML_DTD');
    },
    setExternalEntities: () => undefined,
    setXmlVersion: () => undefined,
    reset: () => undefined,
  },
});

/**
 * Reads an XML text: the content of its root as it is named there. A SOAP envelope is taken off, because a listener that was registered
 * over SOAP may get its message in one. Of a root that holds only text, the text is read.
 */
export function readXml(text: string): { readonly value: unknown } | UnreadableXml {
  try {
    const parsed = xml.parse(text, true) as Readonly<Record<string, unknown>> & { readonly Envelope?: { readonly Body?: unknown } };
    const value = parsed.Envelope?.Body ?? parsed;
    const contents = typeof value === 'object' && value !== null ? Object.values(value) : [];
    return { value: contents.length === 1 && typeof contents[0] === 'string' ? contents[0] : value };
  } catch (error) {
    if (error instanceof Unread) return { unreadable: error.reason };
    return { unreadable: /<!DOCTYPE|<!ENTITY/i.test(text) ? 'XML_DTD' : 'NOT_A_CALLBACK_REQUEST' };
  }
}

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp;', '&'],
  ['lt;', '<'],
  ['gt;', '>'],
  ['quot;', '"'],
  ['apos;', "'"],
]);

/** The character that a reference names (XML 1.1, 4.1: control characters may be named too, and .NET does it). */
function expand(name: string): string {
  const [, decimal, hex] = /^#(?:(\d+)|x([\da-fA-F]+));$/.exec(name) ?? [];
  const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
  const isCharacter = code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff) && code !== 0xff_fe && code !== 0xff_ff;
  const character = isCharacter ? String.fromCodePoint(code) : PREDEFINED.get(name);
  if (character === undefined) throw new Unread('XML_ENTITY');
  return character;
}
