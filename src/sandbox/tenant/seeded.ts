import { createHash } from 'node:crypto';

/**
 * Everything by chance in the sandbox comes from the seed and a label, not from the order of asking:
 * a person stays the same however many others there are.
 */
export class Seeded {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** A version 4 GUID. */
  guid(label: string): string {
    const hex = this.#hash(`guid:${label}`).toString('hex');
    const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20, 32),
    ].join('-');
  }

  /** A whole number from 0 to `below` - 1. */
  number(label: string, below: number): number {
    return this.#hash(`number:${label}`).readUInt32BE(0) % below;
  }

  /** As many digits, the first of them no zero: for numbers too large to count with. */
  digits(label: string, length: number): string {
    const hex = this.#hash(`digits:${label}`).toString('hex');
    const digits = BigInt(`0x${hex}`)
      .toString()
      .slice(0, length - 1);
    return `1${digits.padStart(length - 1, '0')}`;
  }

  /** True with a chance of one in `outOf`. */
  chance(label: string, outOf: number): boolean {
    return this.number(label, outOf) === 0;
  }

  /** One of a list that has at least one. */
  pick<T>(label: string, list: readonly T[]): T {
    const chosen = list[this.number(label, list.length)];
    if (chosen === undefined) {
      throw new RangeError(`nothing to pick from for ${label}`);
    }
    return chosen;
  }

  #hash(label: string): Buffer {
    return createHash('sha256').update(`${this.#seed}:${label}`).digest();
  }
}
