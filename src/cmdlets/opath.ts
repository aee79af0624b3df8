/** Placeholder, about to be replaced. */
export function opathText(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
