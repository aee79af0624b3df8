import type { CellValue, Row } from '../../powershell/frames.ts';
import type { WireObject, WireValue } from '../wire.ts';

/** Nothing but what was asked for, under the name it was asked by; what is not there is left out. */
export function project(object: WireObject, properties: readonly string[]): Row {
  const byName = new Map(
    Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return Object.fromEntries(
    properties.flatMap((name) => {
      const value = byName.get(name.toLowerCase());
      return value === undefined ? [] : [[name, toCell(value)]];
    }),
  );
}

/** As the worker writes it: dates in ISO 8601, sizes as text and number, and long numbers as JavaScript reads them. */
function toCell(value: WireValue): CellValue {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if ('$date' in value) {
    return value.$date.replace('.000Z', 'Z');
  }
  if ('$bytes' in value) {
    return { text: value.text, bytes: value.$bytes };
  }
  return '$long' in value ? Number(value.$long) : value;
}
