import type { z } from 'zod';
import type { Call } from '../../cmdlets/call.ts';
import type { ErrorCode } from '../../errors.ts';
import type { EmailAddress } from '../address.ts';
import type { Finding, FindingKind } from '../findings.ts';
import type { Cells } from '../ports.ts';
import type { Subject } from '../subject.ts';

/** One difference between what is and what should be, and the one call that removes it. */
export interface Change {
  /**
   * Stable from plan to plan: names what is changed, not when. The change that takes it back has the
   * same id.
   */
  readonly id: string;
  readonly operation: string;
  /** For people: "make the mailbox shared". */
  readonly sentence: string;
  readonly call: Call;
  /** Must read back as done before the workflow may go on. */
  readonly required: boolean;
  /**
   * Cannot be seen in the state afterwards, or must not happen twice: made at most once for a job. Begun
   * without a known end, it becomes a finding for a person instead of a second call.
   */
  readonly once?: true;
  /** Of what happens once: the state shows it all the same. Made and not shown, it is not done. */
  readonly isShown?: true;
  /** Nobody can take it back: an undo says so instead. */
  readonly irreversible?: true;
  /** What it changes where that is not the leaver's own mailbox: a group, somebody else's mailbox. */
  readonly elsewhere?: Elsewhere;
  /** Refusals that mean "leave it alone, say why", not "not done". */
  readonly tolerates?: readonly ErrorCode[];
}

/** A thing that is not the leaver's, and that the brakes may protect. */
export interface Elsewhere {
  /** For people: "Buyers <buyers@example.org>". */
  readonly what: string;
  /** Every mail address it has, in lower case. */
  readonly addresses: readonly string[];
}

/** Something an operation leaves alone on purpose. */
export interface Skip {
  readonly operation: string;
  readonly what: string;
  readonly reason: string;
}

export interface OperationPlan<V = unknown> {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
  /** What the operation saw: the before or after image. Plain data, enough to restore it. */
  readonly seen: V;
}

/** One reading for each object of a long list: slow, and so only where the settings ask for it. */
export interface Scan {
  /** Lists the objects to look at. */
  readonly list: Call;
  /** What to read of one of them; undefined to pass it over. */
  look(listed: Cells, subject: Subject): Call | undefined;
  /** Reads whether a listed object is still there: asked where a look finds nothing to look at. */
  stillThere(listed: Cells): Call;
}

/** A listed object of which there was something to read. */
export interface Looked {
  readonly listed: Cells;
  readonly answer: readonly Cells[];
}

/** An operation with its settings. Pure: it says what to read and decides from the answers. */
export interface Operation<V = unknown> {
  readonly name: string;
  /** Addresses of the settings, to be resolved together with leaver and manager. */
  readonly addresses?: readonly EmailAddress[];
  readonly scan?: Scan;
  reads(subject: Subject): readonly Call[];
  /** What has to be read because of the first answers. */
  readsNext?(subject: Subject, answers: readonly (readonly Cells[])[]): readonly Call[];
  /**
   * `answers[i]` is what `reads(subject)[i]` returned, and those of `readsNext` follow; `looked` is undefined
   * where nobody scanned.
   */
  plan(
    subject: Subject,
    answers: readonly (readonly Cells[])[],
    looked?: readonly Looked[],
  ): OperationPlan<V>;
}

/** A management role of Exchange that the app must hold, and what for: "to set forwarding". */
export interface RoleNeed {
  readonly role: string;
  readonly because: string;
}

/** What an administrator can switch on. `S` are its settings, `V` is what it sees. */
export interface OperationKind<S = unknown, V = unknown> {
  readonly name: string;
  readonly settings: z.ZodType<S>;
  /** Every finding it may come to. */
  readonly findings: readonly FindingKind[];
  /** https://learn.microsoft.com/exchange/permissions-exo/feature-permissions, and docs/operations.md. */
  readonly roles: readonly RoleNeed[];
  /** The form of its before and after images, also of stored ones. */
  readonly seen: z.ZodType<V>;
  configure(settings: S): Operation<V>;
  /**
   * The operation that brings back what was seen before; of its changes only those are made whose id this
   * job has made, and no irreversible one. Left out where nothing can be brought back.
   */
  restore?(before: V): Operation<V>;
  /** What was seen, for people: a line each. */
  describe(seen: V): readonly string[];
}
