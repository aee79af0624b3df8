/**
 * Waits until `condition` gives something other than undefined or false, asking again whenever the
 * event loop has turned. Throws with `what` if the deadline passes first.
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) {
      return value as Exclude<T, undefined | false>;
    }
    if (performance.now() > deadline) {
      throw new Error(`did not happen within ${deadlineMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
