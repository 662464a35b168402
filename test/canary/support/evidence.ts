import { CANARIES, type CanaryName } from '../canaries.ts';
import { halves, type Place, type Run, type Witness } from './canary.ts';
import { CanarySearch, type Needle } from './find-canaries.ts';

interface Noted {
  readonly place: Place;
  /** Which answer, file or process. */
  readonly what: string;
  readonly bytes: Buffer;
}

/** Collects what a run has shown, and what the gateway is known to have received. Reports markers in forbidden places, and missing ones. */
export class Evidence {
  readonly #noted: Noted[] = [];
  readonly #witnessed = new Map<Witness, Buffer[]>();
  readonly #needles: Needle[] = [...CANARIES].flatMap(([name, { pieces }]) => pieces.map((piece) => ({ name, piece })));
  readonly #learnt = new Set<CanaryName>();

  /** A marker that is only known now: an API key, a JWT. */
  learn(name: CanaryName, value: string): void {
    this.#learnt.add(name);
    this.#needles.push(...halves(value).map((piece) => ({ name, piece })));
  }

  note(place: Place, what: string, bytes: string | Uint8Array): void {
    this.#noted.push({ place, what, bytes: Buffer.from(bytes) });
  }

  witness(how: Witness, bytes: string | Uint8Array): void {
    this.#witnessed.set(how, [...(this.#witnessed.get(how) ?? []), Buffer.from(bytes)]);
  }

  /** Every marker that came to light where it must not be, each once a place. */
  leaks(): string[] {
    const search = new CanarySearch(this.#needles);
    const leaks = new Map<string, string>();
    for (const { place, what, bytes } of this.#noted) {
      for (const { name, form, at } of search.in(bytes)) {
        if (CANARIES.get(name as CanaryName)?.may.includes(place)) continue;
        const leak = `${name} in ${place}`;
        if (!leaks.has(leak)) leaks.set(leak, `${leak}: ${what} (${form}): …${around(bytes, at)}…`);
      }
    }
    return [...leaks.values()];
  }

  /** Markers of the run that nobody saw go in. A marker that never went in proves nothing. */
  missing(run: Run): string[] {
    const search = new CanarySearch(this.#needles);
    const found = new Map(
      [...this.#witnessed].map(([how, all]) => [how, new Set(all.flatMap((bytes) => search.in(bytes)).map(({ name }) => name))]),
    );
    return [...CANARIES]
      .filter(([name, each]) => each.run === run && !found.get(each.seen)?.has(name))
      .map(
        ([name, each]) => `${name} (${each.into}): ${each.value === null && !this.#learnt.has(name) ? 'not learnt' : `not ${each.seen}`}`,
      );
  }
}

function around(bytes: Buffer, at: number): string {
  return bytes
    .subarray(Math.max(at - 60, 0), at + 40)
    .toString('latin1')
    .replace(/[^ -~]/g, '·');
}
