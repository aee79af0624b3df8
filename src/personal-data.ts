/**
 * How much of a person leaves the service by its side doors: logs, notices and traces. `full`: as it is.
 * `masked`: addresses as `l…@example.org`, no names. `none`: neither. Reports and the operator's interface
 * are not meant: they are about persons.
 */
export const PERSONAL_DATA = ['full', 'masked', 'none'] as const;
export type PersonalData = (typeof PERSONAL_DATA)[number];

/** Also within longer text, and with the @ of a query string. */
const ADDRESS =
  /([\p{L}\p{N}._%+'-])([\p{L}\p{N}._%+'-]*?)(@|%40)((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})/giu;
/** A name within a distinguished name. */
const COMMON_NAME = /\bCN=(?:[^,"\\]|\\.)+/gi;

/** The text with every e-mail address in it shown as far as `level` allows. */
export function withAddresses(text: string, level: PersonalData): string {
  switch (level) {
    case 'full':
      return text;
    case 'masked':
      return text.replace(ADDRESS, '$1…$3$4').replace(COMMON_NAME, 'CN=…');
    case 'none':
      return text.replace(ADDRESS, '[address]').replace(COMMON_NAME, 'CN=…');
  }
}

/** Errors whose sentences quote what the other side says, or tell of changes: both may hold names. */
const NAMING = /^(?:exchange|offboarding)\./;
/** Of these, what is said before anybody is spoken of. */
const NAMELESS = [
  'exchange.sign-in-refused',
  'exchange.module-missing',
  'exchange.module-unsuitable',
  'exchange.throttled',
];

/** Whether the sentence of an error with this code may name persons. */
export function maySayNames(code: string): boolean {
  return NAMING.test(code) && !NAMELESS.includes(code);
}
