import type { Directory } from './directory.ts';

type Effect = (directory: Directory) => void;

/**
 * A write is done on one directory server and read from another, which hears of it later. `truth` is
 * what writes see; `visible` is what reads see, behind by a number of reads.
 */
export class Replicas {
  readonly truth: Directory;
  readonly visible: Directory;
  readonly #lagReads: number;
  #late: { readonly effect: Effect; reads: number }[] = [];

  /** `make` must give the same directory each time. */
  constructor(make: () => Directory, lagReads: number) {
    this.truth = make();
    this.visible = lagReads === 0 ? this.truth : make();
    this.#lagReads = lagReads;
  }

  apply(effect: Effect): void {
    effect(this.truth);
    if (this.visible !== this.truth) {
      this.#late.push({ effect, reads: this.#lagReads });
    }
  }

  /** Counts a read: what was late for long enough arrives after it. */
  countRead(): void {
    for (const one of this.#late) {
      one.reads -= 1;
    }
    // All are late by the same number of reads, so they arrive in their order.
    for (const { effect } of this.#late.filter(({ reads }) => reads <= 0)) {
      effect(this.visible);
    }
    this.#late = this.#late.filter(({ reads }) => reads > 0);
  }
}
