export const JOB_STATES = [
  'queued',
  'running',
  'waiting',
  'held',
  'done',
  'superseded',
  'needs-attention',
  'cancelled',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What happened to a job, as its history names it. */
export type JobEventName = Move['event'] | 'accepted' | 'adopted' | 'cancel-asked' | 'omitted';

interface Move {
  readonly from: JobState;
  readonly to: JobState;
  readonly event:
    | Exclude<JobState, 'queued' | 'running'>
    | 'approved'
    | 'begun'
    | 'recovered'
    | 'retried';
}

/** Every way from one state to another; there is no other. The table in docs/design.md is kept equal by a test. */
export const MOVES: readonly Move[] = [
  { from: 'queued', to: 'running', event: 'begun' },
  { from: 'queued', to: 'cancelled', event: 'cancelled' },
  { from: 'running', to: 'queued', event: 'recovered' },
  { from: 'running', to: 'waiting', event: 'waiting' },
  { from: 'running', to: 'held', event: 'held' },
  { from: 'running', to: 'done', event: 'done' },
  { from: 'running', to: 'superseded', event: 'superseded' },
  { from: 'running', to: 'needs-attention', event: 'needs-attention' },
  { from: 'running', to: 'cancelled', event: 'cancelled' },
  { from: 'waiting', to: 'running', event: 'begun' },
  { from: 'waiting', to: 'cancelled', event: 'cancelled' },
  { from: 'held', to: 'queued', event: 'approved' },
  { from: 'held', to: 'cancelled', event: 'cancelled' },
  { from: 'needs-attention', to: 'queued', event: 'retried' },
  { from: 'needs-attention', to: 'cancelled', event: 'cancelled' },
  { from: 'cancelled', to: 'queued', event: 'retried' },
];

/** Nothing is under way or ahead unless a person says so. */
export const ENDED: readonly JobState[] = ['done', 'superseded', 'needs-attention', 'cancelled'];

/** What the move is called in a job's history. Throws for a move that there is not. */
export function eventOf(from: JobState, to: JobState): JobEventName {
  const move = MOVES.find((one) => one.from === from && one.to === to);
  if (move === undefined) {
    throw new Error(`a job cannot become ${to} while it is ${from}`);
  }
  return move.event;
}

/** Whether there is such a move. */
export function mayBecome(from: JobState, to: JobState): boolean {
  return MOVES.some((one) => one.from === from && one.to === to);
}
