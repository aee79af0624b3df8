import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { ServiceError } from '../../src/errors.ts';
import type { Conclusion } from '../../src/offboarding/conclusion.ts';
import { operationsOf, workflowPolicy } from '../../src/offboarding/policy.ts';
import type { Run, RunSearch, Runs, SignalAnswer, StepState } from '../../src/offboarding/ports.ts';
import { offboard } from '../../src/offboarding/process.ts';
import { EMPTY_REPORT, type Report } from '../../src/offboarding/report.ts';
import { OPEN_BRAKES } from '../support/open-brakes.ts';
import { address, SmallTenant } from './small-tenant.ts';

/** What becomes of one thing that leaves the process: a request, a command, a write to the disk. */
const FATES = [
  'well',
  'lost',
  'done and lost',
  'death',
  'done and death',
  'button pressed first',
  'run ended first',
] as const;
type Fate = (typeof FATES)[number];

/** The process died: nothing it would have done next happens. */
class Death extends Error {}

/** One leaver, one run and a disk, and a list of what goes wrong; after its end nothing does. */
class Story {
  readonly tenant = new SmallTenant();
  readonly #fates: Fate[];
  step: StepState = { kind: 'waiting', actions: [{ name: 'Continue', path: '/continue' }] };
  /** What is on the disk. */
  report: Report = EMPTY_REPORT;
  now = 1_000;
  /** Shots of ours, and whether each had its effect. */
  readonly shots: boolean[] = [];

  constructor(fates: readonly Fate[]) {
    this.#fates = [...fates];
    this.tenant.beforeCall = () => this.#meet(() => undefined);
  }

  /** Attempts until there is a conclusion that is none to wait for. */
  async tell(): Promise<Conclusion> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const conclusion = await this.#attempt().catch((error: unknown) => {
        if (!(error instanceof ServiceError || error instanceof Death)) {
          throw error;
        }
        return undefined;
      });
      if (conclusion !== undefined && conclusion.kind !== 'later') {
        return conclusion;
      }
      this.now += 60_000;
    }
    throw new Error('no end');
  }

  #attempt(): Promise<Conclusion> {
    const policy = workflowPolicy.parse({
      workflow: 'Person leaves',
      operations: { 'convert-to-shared': {}, 'leave-groups': {} },
    });
    const { step, action, failureAction, findings } = policy;
    const assignment = { step, action, failureAction, findings, operations: operationsOf(policy) };
    return offboard(
      {
        request: { workflowId: 'w', runId: 'r', step, source: 'webhook' },
        report: this.report,
        since: 0,
        signal: new AbortController().signal,
        cancel: new AbortController().signal,
        pass: OPEN_BRAKES.pass,
        save: async (report) =>
          this.#meet(() => {
            this.report = report;
          }),
        adopt: async () => ({ kind: 'adopted' }),
      },
      [assignment],
      {
        runs: this.#runs(),
        exchange: this.tenant,
        brakes: OPEN_BRAKES.brakes,
        now: () => this.now,
        pause: async () => undefined,
        log: pino({ level: 'silent' }),
      },
    );
  }

  #runs(): Runs {
    const run = (): Run => ({
      workflowId: 'w',
      runId: 'r',
      stepId: 's',
      iteration: { number: 1 },
      personId: undefined,
      person: { email: address('lee@example.org'), name: 'Lee', managerEmail: undefined },
      step: this.step,
    });
    return {
      read: async () => this.#meet(run),
      search: async (): Promise<RunSearch> => ({ kind: 'none' }),
      fire: async () => this.#meet(() => this.#fire()),
    };
  }

  #fire(): SignalAnswer {
    assert.equal(this.report.signal?.outcome, 'intended', 'fired before the intent was on disk');
    assert.ok(!this.shots.includes(true), 'fired again after our own effect');
    const hasEffect = this.step.kind === 'waiting';
    this.shots.push(hasEffect);
    if (hasEffect) {
      assert.equal(this.tenant.type, 'SharedMailbox', 'fired before the work was done');
      this.step = { kind: 'completed' };
    }
    return { kind: hasEffect ? 'fired' : 'not-waiting' };
  }

  #meet<T>(act: () => T): T {
    const fate = this.#fates.shift() ?? 'well';
    if (fate === 'lost' || fate === 'death') {
      throw trouble(fate);
    }
    if (this.step.kind === 'waiting' && fate === 'button pressed first') {
      this.step = { kind: 'completed' };
    }
    if (this.step.kind === 'waiting' && fate === 'run ended first') {
      this.step = { kind: 'ended', status: 'Terminated' };
    }
    const value = act();
    if (fate === 'done and lost' || fate === 'done and death') {
      throw trouble(fate === 'done and lost' ? 'lost' : 'death');
    }
    return value;
  }
}

function trouble(fate: 'lost' | 'death'): Error {
  return fate === 'death' ? new Death() : new ServiceError('trelica.unreachable', 'no answer');
}

const fates = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.constant('well' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...FATES) },
  ),
  { maxLength: 60, size: 'max' },
);

test('a signal is delivered once, after its intent is on disk, and the job knows whose it was', async () => {
  const property = fc.asyncProperty(fates, async (given) => {
    const story = new Story(given);
    const conclusion = await story.tell();
    assert.notEqual(story.step.kind, 'waiting');
    const isOurs = story.shots.includes(true);
    if (isOurs) {
      assert.equal(conclusion.kind, 'done');
    }
    if (conclusion.kind === 'done') {
      assert.equal(story.report.signal?.outcome, 'confirmed');
      assert.equal(story.step.kind, 'completed');
    } else {
      assert.equal(conclusion.kind, 'superseded');
    }
  });
  await fc.assert(property, { numRuns: 2_000 });
});
