import type { z } from 'zod';
import type { Call } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Cells, Person, Recipient } from '../ports.ts';

/** The leaver's mailbox as it was when the snapshot began. */
export interface Mailbox {
  readonly guid: Identity;
  readonly distinguishedName: string;
  readonly address: string;
  readonly displayName: string;
  /** `RecipientTypeDetails`: `UserMailbox`, `SharedMailbox` … */
  readonly type: string;
  /** Mastered in an on-premises directory. */
  readonly isSynchronised: boolean;
}

export type Manager = { readonly kind: 'found'; readonly recipient: Recipient } | NoManager;

/** Why nobody can be given rights. */
export type NoManager =
  | { readonly kind: 'none' }
  | { readonly kind: 'is-leaver' }
  /** The run names somebody who can't be given rights. */
  | {
      readonly kind: 'unusable';
      readonly address: string;
      readonly why: 'missing' | 'ambiguous' | 'not-eligible';
    };

/** Whom an operation is about. */
export interface Subject {
  readonly person: Person;
  readonly mailbox: Mailbox;
  readonly manager: Manager;
}

/** One difference between what is and what should be, and the one call that removes it. */
export interface Change {
  /** Stable from plan to plan: names what is changed, not when. */
  readonly id: string;
  readonly operation: string;
  /** For people: "make the mailbox shared". */
  readonly sentence: string;
  readonly call: Call;
  /** Must read back as done before the workflow may go on. */
  readonly required: boolean;
  /** Refusals that mean "leave it alone, say why", not "not done". */
  readonly tolerates: readonly ErrorCode[];
}

/** What a person should know. `stop` ends the job before anything is changed. */
export interface Finding {
  readonly code: string;
  readonly severity: 'stop' | 'warn' | 'info';
  readonly sentence: string;
}

/** Something an operation leaves alone on purpose. */
export interface Skip {
  readonly operation: string;
  readonly what: string;
  readonly reason: string;
}

export interface OperationPlan {
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skip[];
  /** What the operation saw, in words for people and auditors: the before or after picture. */
  readonly seen: Readonly<Record<string, string | boolean | readonly string[]>>;
}

/** An operation with its settings. Pure: it says what to read and decides from the answers. */
export interface Operation {
  readonly name: string;
  reads(subject: Subject): readonly Call[];
  /** `answers[i]` is what `reads(subject)[i]` returned. */
  plan(subject: Subject, answers: readonly (readonly Cells[])[]): OperationPlan;
}

/** What an administrator can switch on: a name, its settings, and how the settings make an operation. */
export interface OperationKind<S = unknown> {
  readonly name: string;
  readonly settings: z.ZodType<S>;
  configure(settings: S): Operation;
}
