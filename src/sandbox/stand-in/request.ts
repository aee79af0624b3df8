import type { Parameters, ParameterValue } from '../../powershell/frames.ts';

/** Tagged values as the module in PowerShell would have sent what the worker made of them. */
export function requestFor(cmdlet: string, parameters: Parameters) {
  const values = Object.entries(parameters).map(([name, value]) => [name, untagged(value)]);
  return { cmdlet, parameters: Object.fromEntries(values) };
}

function untagged(value: ParameterValue): unknown {
  if (typeof value !== 'object' || !('$type' in value)) {
    return value;
  }
  if (value.$type !== 'change') {
    return value.$type === 'null' ? null : value;
  }
  const sides = { add: value.add, remove: value.remove };
  return Object.fromEntries(Object.entries(sides).filter(([, names]) => names.length > 0));
}
