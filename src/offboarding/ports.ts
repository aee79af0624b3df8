import type { Call } from '../cmdlets/call.ts';
import type { Identity } from '../cmdlets/identity.ts';
import type { ErrorCode } from '../errors.ts';
import type { EmailAddress } from './address.ts';
import type { Iteration, LeaverRequest } from './request.ts';

/** What the domain needs from Trelica, from Exchange and from the queue. Implemented in their folders. */

export interface Person {
  readonly email: EmailAddress;
  readonly name: string;
  /** As the run or the person's record gave it; undefined if there is none or it is no address. */
  readonly managerEmail: EmailAddress | undefined;
}

/** The step we serve, as one run shows it now. */
export type StepState =
  | {
      readonly kind: 'waiting';
      readonly actions: readonly WaitingAction[];
      readonly untilDtm?: string;
    }
  /** The run has not come to the step yet. */
  | { readonly kind: 'not-reached' }
  /** The step was left, by whoever. */
  | { readonly kind: 'completed' }
  /** The run is over (terminated, failed, deleted) and will never wait at the step. */
  | { readonly kind: 'ended'; readonly status: string };

export interface WaitingAction {
  readonly name: string;
  /** Path and query to POST to, on Trelica's own origin. */
  readonly path: string;
}

export interface Run {
  readonly workflowId: string;
  readonly runId: string;
  readonly stepId: string | undefined;
  /** Which time the run came to the step; undefined if it has not. */
  readonly iteration: Iteration | undefined;
  /** Undefined if the run does not name exactly one person with one address. */
  readonly person: Person | undefined;
  /** Undefined if the run names none, or not the same one throughout. */
  readonly personId: string | undefined;
  readonly step: StepState;
}

export type RunSearch =
  | { readonly kind: 'found'; readonly run: Run }
  | { readonly kind: 'none' }
  | { readonly kind: 'several'; readonly count: number };

export type SignalAnswer =
  /** 2xx: the run has gone on. */
  | { readonly kind: 'fired' }
  /** 409: the step does not wait, not yet or no longer; read the run to learn which. */
  | { readonly kind: 'not-waiting' }
  /** 400 or 404: the run, the step or the action is not there. */
  | { readonly kind: 'refused'; readonly status: number };

/** Throws `trelica.*` errors; a lost answer to `fire` is one of them, and then nobody knows: read the run. */
export interface Runs {
  /**
   * The run as seen from one iteration of a step; without one, from that which waits or came last.
   * `trelica.run-not-found` if there is no such run.
   */
  read(workflowId: string, runId: string, step: string, iteration?: Iteration): Promise<Run>;
  /** The runs of one person that wait at the step now. */
  search(workflowId: string, email: EmailAddress, step: string): Promise<RunSearch>;
  fire(run: Run, action: WaitingAction): Promise<SignalAnswer>;
}

/** What Trelica keeps about a person, besides the run. */
export type PersonRecord =
  | {
      readonly kind: 'found';
      readonly email: EmailAddress | undefined;
      readonly name: string | undefined;
      readonly managerEmail: EmailAddress | undefined;
    }
  | { readonly kind: 'missing' }
  /** An address that several people have. */
  | { readonly kind: 'ambiguous' }
  /** We may not read people. */
  | { readonly kind: 'forbidden' };

export interface People {
  /** By id or by address. Throws `trelica.*`. */
  find(idOrEmail: string): Promise<PersonRecord>;
}

export interface Workflow {
  readonly id: string;
  readonly name: string;
}

/** Which workflow a configured or sent name or id means. */
export interface Workflows {
  /** Throws `trelica.workflow-not-found` or `trelica.workflow-ambiguous`. Cached for a short time. */
  resolve(nameOrId: string): Promise<Workflow>;
}

export type Cells = Readonly<Record<string, unknown>>;

export type Applied =
  | { readonly kind: 'done' }
  /** Exchange says it was so already. */
  | { readonly kind: 'already'; readonly message: string };

export interface Recipient {
  readonly guid: Identity;
  /** What filters want instead of an address; changes when the object is renamed. */
  readonly distinguishedName: string;
  readonly address: EmailAddress;
  /** Every mail address it has, in lower case. */
  readonly addresses: readonly string[];
  readonly displayName: string;
  /** `RecipientTypeDetails`, e.g. `UserMailbox`. */
  readonly type: string;
}

export type Resolution =
  | { readonly kind: 'found'; readonly recipient: Recipient }
  | { readonly kind: 'missing' }
  | { readonly kind: 'ambiguous'; readonly count: number };

/**
 * Exchange for one job. Failures are thrown as `exchange.*` and `powershell.*` errors; after an error
 * of a write its effect is unknown unless the code says otherwise.
 */
export interface Exchange {
  /** For each address: exactly one recipient that has it, or why not. One call for all. */
  resolve(addresses: readonly EmailAddress[]): Promise<ReadonlyMap<EmailAddress, Resolution>>;
  /** A call that changes nothing; its objects, with the properties asked for. */
  read(call: Call): Promise<readonly Cells[]>;
  /** A call that changes something. */
  apply(call: Call): Promise<Applied>;
  /** How many cmdlet calls this job made so far. */
  readonly calls: number;
}

/** What one sweep found in one configured workflow. */
export interface WorkflowSweep {
  /** As configured. */
  readonly workflow: string;
  /** Runs that wait at our step. */
  readonly waiting: number;
  /** Of these, those that became jobs now, and those that were jobs already. */
  readonly accepted: number;
  readonly known: number;
  /** Why the counts may be too low. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export interface SweepReport {
  readonly workflows: readonly WorkflowSweep[];
}

/** What the sweep and the webhook hand work to. Resolves once the work is on disk. */
export interface Intake {
  accept(request: LeaverRequest): Promise<{
    readonly jobId: string;
    readonly status: string;
    readonly duplicate: boolean;
  }>;
}
