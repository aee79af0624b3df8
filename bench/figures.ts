/** The value below which this share of the measured ones lies: 0 is the least, 0.5 the median, 1 the largest. */
export function at(measured: readonly number[], share: number): number {
  const sorted = measured.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
