import { z } from 'zod';

/**
 * A group of settings: unknown names are refused, and the fault says which names there are. Whoever
 * mistypes a setting must not get the default of another one.
 */
export function section<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape).join(', ') || 'none';
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown setting ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}; known: ${known}`
        : undefined,
  });
}
