import type { EmailAddress } from './address.ts';
import type { Mailbox } from './mailbox.ts';
import type { Person, Recipient } from './ports.ts';

/** Somebody other than the leaver, as resolved. */
export type Delegate = Found | Absent;

/** `none`: the run names no line manager. */
export type Manager = Found | Nobody;

interface Found {
  readonly kind: 'found';
  readonly recipient: Recipient;
}
type Absent =
  | { readonly kind: 'is-leaver' | 'missing'; readonly address: EmailAddress }
  | { readonly kind: 'ambiguous'; readonly address: EmailAddress; readonly count: number };
export type Nobody = { readonly kind: 'none' } | Absent;

/** Whom an operation is about. */
export interface Subject {
  readonly person: Person;
  readonly mailbox: Mailbox;
  readonly manager: Manager;
  /** Whoever the operations named in `addresses`. */
  readonly delegates: ReadonlyMap<EmailAddress, Delegate>;
  /** When the reading began, ISO 8601 in UTC: what a number of days is counted from. */
  readonly readAt: string;
}
