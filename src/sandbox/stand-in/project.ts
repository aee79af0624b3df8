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

function toCell(value: WireValue): CellValue {
  return typeof value === 'object' && value !== null && '$date' in value
    ? value.$date.replace('.000Z', 'Z')
    : value;
}
