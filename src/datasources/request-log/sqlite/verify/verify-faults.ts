export const SHOWN_FAULTS = 100;

/** The first faults in words, and how many there are. */
export class Faults {
  readonly shown: string[] = [];
  total = 0;

  add(fault: string): void {
    this.total++;
    if (this.shown.length < SHOWN_FAULTS) this.shown.push(fault);
  }
}
