/** Longer waits are taken for a slip: the other side may well be back before. */
const LONGEST_WAIT_MS = 60 * 60_000;

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long an answer asks us to wait, in milliseconds and at most an hour; undefined if it does not say,
 * or nothing usable. A date is counted from the answer's own `Date`, so that no clock of ours matters.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  const waitMs = /^\d+$/.test(value)
    ? Number(value) * 1_000
    : timeOf(value) - timeOf(headers.get('date') ?? '');
  return waitMs > 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : undefined;
}

function timeOf(text: string): number {
  return HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
}
