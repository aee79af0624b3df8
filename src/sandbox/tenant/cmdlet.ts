import type { WireObject } from '../wire.ts';
import type { Directory } from './directory.ts';
import { invalidValue } from './refusal.ts';
import type { Values } from './values.ts';

/** Changes one directory server's copy; the same change is made on each of them. */
export type Effect = (directory: Directory) => void;

export interface Answer {
  readonly objects?: readonly WireObject[];
  readonly warnings?: readonly string[];
  /** What a write changes, apart from the answer: it may come late, or not at all. */
  readonly effect?: Effect;
  /** What happens by itself after so many further reads, because the write took effect. */
  readonly consequence?: { readonly afterReads: number; readonly effect: Effect };
}

export interface Clock {
  readonly now: Date;
  /** When the tenant was opened: day 0 of its calendars. */
  readonly openedAt: Date;
}

/** How one cmdlet behaves. Throws `Refusal`. Adding a cmdlet is adding one of these to the list. */
export interface Cmdlet {
  readonly kind: 'read' | 'write';
  /** What of it is imitated; any other parameter is refused rather than ignored. */
  readonly parameters: readonly string[];
  run(directory: Directory, values: Values, clock: Clock): Answer;
}

const PAGE = 1_000;

/** Cuts a listing the way `-ResultSize` does, 1,000 when it is left out, and says so. */
export function page(
  objects: readonly WireObject[],
  values: Values,
): Required<Pick<Answer, 'objects' | 'warnings'>> {
  const asked = values['ResultSize'];
  const size = resultSize(asked);
  if (objects.length <= size) {
    return { objects, warnings: [] };
  }
  const warning =
    asked === undefined
      ? 'By default, only the first 1000 items are returned. Use the ResultSize parameter to specify the number of items returned. To return all items, specify "-ResultSize Unlimited".'
      : 'There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter.';
  return { objects: objects.slice(0, size), warnings: [warning] };
}

function resultSize(asked: unknown): number {
  if (asked === undefined) {
    return PAGE;
  }
  const size =
    String(asked).toLowerCase() === 'unlimited' ? Number.POSITIVE_INFINITY : Number(asked);
  if (Number.isNaN(size) || size < 0) {
    throw invalidValue('ResultSize', String(asked));
  }
  return size;
}
