import type { Clock } from '../clock.ts';
import type { Send } from './send.ts';

export interface PaceSettings {
  /** How many requests may be under way at a time. */
  readonly atOnce: number;
  /** How many a second in the long run; after a rest as many again may go at once. */
  readonly perSecond: number;
}

/**
 * A civil rate: Trelica documents no limits, and after an outage everybody has something to say. Who comes
 * too soon waits for their turn; how many wait is bounded by those who ask (jobs, one sweep, HTTP).
 */
export function createPace(send: Send, settings: PaceSettings, clock: Clock): Send {
  const { atOnce, perSecond } = settings;
  const spacingMs = 1_000 / perSecond;
  const line: (() => void)[] = [];
  let underWay = 0;
  let isTimed = false;
  /** When the next request would go if all were evenly spaced. */
  let evenAt = 0;

  const serve = () => {
    while (line.length > 0 && underWay < atOnce && !isTimed) {
      const now = clock.now();
      const waitMs = evenAt - now - 1_000;
      if (waitMs > 0) {
        isTimed = true;
        clock.after(Math.ceil(waitMs), () => {
          isTimed = false;
          serve();
        });
        return;
      }
      evenAt = Math.max(evenAt, now) + spacingMs;
      underWay += 1;
      line.shift()?.();
    }
  };

  return async (url, request) => {
    await new Promise<void>((resolve) => {
      line.push(resolve);
      serve();
    });
    try {
      return await send(url, request);
    } finally {
      underWay -= 1;
      serve();
    }
  };
}
