import type { WireValue } from '../wire.ts';

/** A size as an object of the service; null if nobody knows it. */
export function byteQuantity(bytes: number): WireValue {
  return Number.isFinite(bytes) ? { $bytes: bytes, text: byteText(bytes) } : null;
}

/** The same as text: `1.2 GB (1,288,490,188 bytes)`. */
export function byteText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.max(0, Math.min(4, Math.floor(Math.log2(bytes) / 10)));
  const shown = Number((bytes / 2 ** (10 * power)).toPrecision(4));
  return `${shown} ${units[power]} (${bytes.toLocaleString('en-US')} bytes)`;
}
