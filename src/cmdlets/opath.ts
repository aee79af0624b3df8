import { ServiceError } from '../errors.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;

/** Whether a text can be part of a filter: without control characters and halves of surrogate pairs. */
export function fitsFilter(value: string): boolean {
  return value !== '' && !CONTROL.test(value) && value.isWellFormed();
}

/**
 * A text as a literal of an OPATH filter: in single quotes, each single quote inside doubled
 * (https://learn.microsoft.com/powershell/exchange/recipient-filters). A filter is parsed by the
 * service, not by PowerShell, so curly quotes are letters like others. Throws
 * `exchange.identity-refused` for what does not fit.
 */
export function opathText(value: string): string {
  if (!fitsFilter(value)) {
    throw new ServiceError('exchange.identity-refused', 'a text that cannot be part of a filter');
  }
  return `'${value.replaceAll("'", "''")}'`;
}
