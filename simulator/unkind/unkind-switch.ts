import type { FaultResponse } from '../callbacks/fault-response.ts';
import { type UnkindnessName, unkindnesses } from './unkindnesses.ts';

/** The unkindnesses that apply to one device, one message or one answer. */
export type Unkind = ReadonlySet<UnkindnessName>;

const kind: Unkind = new Set();
const bySuffix = new Map(unkindnesses.map(({ suffix, name }) => [suffix, new Set([name])]));

/** Which unkindnesses apply: those that are turned on apply to everything, those of a magic identifier to its device. */
export class UnkindSwitch {
  readonly #magic: boolean;
  #on: Unkind = kind;

  constructor(options: { magicIdentifiers: boolean; on: readonly UnkindnessName[] }) {
    this.#magic = options.magicIdentifiers;
    this.turn(options.on);
  }

  /** Whether the magic identifiers work. */
  get isMagic(): boolean {
    return this.#magic;
  }

  get on(): readonly UnkindnessName[] {
    return [...this.#on];
  }

  /** From now on these are on, and no others. */
  turn(names: readonly UnkindnessName[]): void {
    this.#on = new Set(names);
  }

  /** Those that apply to a device that stands under this identifier. Of `undefined`, or of no magic one: those that are on. */
  of(identifier: string | undefined): Unkind {
    const magic = this.magicOf(identifier);
    return magic.size === 0 ? this.#on : this.#on.size === 0 ? magic : new Set([...this.#on, ...magic]);
  }

  /** Those of the magic identifier alone. */
  magicOf(identifier: string | undefined): Unkind {
    return (this.#magic && identifier !== undefined && bySuffix.get(identifier.slice(-4))) || kind;
  }
}

/** What a device fails with that is treated so; undefined when none of them makes it fail. */
export function faultOf(unkind: Unkind): FaultResponse | undefined {
  return unkind.size === 0 ? undefined : unkindnesses.find(({ name, fault }) => fault !== undefined && unkind.has(name))?.fault;
}
