import type { Effect } from './cmdlet.ts';
import type { Directory } from './directory.ts';

interface Pending {
  readonly effect: Effect;
  /** Heard of late by the server that is read from; else it happens everywhere, but not before. */
  readonly isLate: boolean;
  reads: number;
}

/**
 * A write is done on one directory server and read from another, which hears of it later. `truth` is
 * what writes see; `visible` is what reads see. The two are one until something comes late, and again
 * when nothing is late any more: however effects overtook each other, the servers agree in the end.
 */
export class Replicas {
  readonly truth: Directory;
  #behind: Directory | undefined;
  #pending: Pending[] = [];

  constructor(truth: Directory) {
    this.truth = truth;
  }

  get visible(): Directory {
    return this.#behind ?? this.truth;
  }

  /** Takes effect now, and can be seen after so many reads. */
  apply(effect: Effect, lagReads: number): void {
    if (lagReads > 0) {
      this.#behind ??= this.truth.copy();
      this.#pending.push({ effect, isLate: true, reads: lagReads });
    } else if (this.#behind !== undefined) {
      effect(this.#behind);
    }
    effect(this.truth);
  }

  /** Takes effect after so many reads, and can be seen at once. */
  schedule(effect: Effect, afterReads: number): void {
    this.#pending.push({ effect, isLate: false, reads: afterReads });
  }

  /** Counts a read: what was to come after it comes. */
  countRead(): void {
    for (const one of this.#pending) {
      one.reads -= 1;
    }
    const due = this.#pending.filter(({ reads }) => reads <= 0);
    this.#pending = this.#pending.filter(({ reads }) => reads > 0);
    for (const { effect, isLate } of due) {
      if (isLate) {
        effect(this.visible);
      } else {
        this.apply(effect, 0);
      }
    }
    if (!this.#pending.some(({ isLate }) => isLate)) {
      this.#behind = undefined;
    }
  }
}
