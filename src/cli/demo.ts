import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { Command } from 'commander';
import { destination, pino } from 'pino';
import { loadConfig } from '../config.ts';
import { ENDED } from '../jobs/states.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  type RehearsalOptions,
  startRehearsal,
} from '../sandbox/rehearsal.ts';
import type { State } from '../sandbox/tenant/state.ts';
import { type Service, startService } from '../service/service.ts';
import { perform } from './act.ts';
import { count } from './arguments.ts';
import { chooseEngine } from './choose-engine.ts';
import { DEMO_OPERATIONS, isAsAsked, isAsBefore } from './demo-mailbox.ts';
import { type ShownJob, Story } from './demo-story.ts';
import { EXIT } from './exit.ts';
import { granted } from './granted.ts';
import { GROUP } from './groups.ts';
import { Operator } from './operator.ts';

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .helpGroup(GROUP.rehearse)
    .description(
      'take one leaver from the webhook to the completed Signal step, without any account',
    )
    .option('--json', 'print one JSON document at the end instead of the story')
    .option('--keep', 'leave everything running afterwards and print the addresses')
    .option('--people <number>', 'people in the simulated tenant', count, 200)
    .option('--groups <number>', 'groups in the simulated tenant', count, 100)
    .option('--latency <ms>', 'how long every simulated answer takes', count, 0)
    .option('--seed <number>', 'the same seed makes the same tenant', count, 1)
    .addHelpText('after', '\nExample:\n  exo-bridge demo --keep')
    .action((options) => perform(options, () => demo({ ...options, engine: chooseEngine() })));
}

export interface DemoOptions extends RehearsalOptions {
  readonly json?: boolean;
  readonly keep?: boolean;
}

const READY_WITHIN_MS = 120_000;
const DONE_WITHIN_MS = 300_000;
const LOOK_AGAIN_MS = 40;

/**
 * Takes one leaver through the real service between two simulated far ends and tells it as it happens.
 * Returns the exit code: 0 only if the signal was fired and the simulated tenant, asked by another way
 * than the service's, really is in the state that was asked for.
 */
export async function demo(options: DemoOptions): Promise<number> {
  const story = new Story(options.json ? undefined : process.stdout);
  const scene = await open(options, story);
  const closing = closeWithGrace({ delay: 60_000, logger: false }, async ({ signal }) => {
    await close(scene);
    // With --keep an interrupt is how it is meant to end.
    if (signal === 'SIGINT' && !options.keep) {
      process.exit(EXIT.interrupted);
    }
  });
  try {
    const outcome = await play(scene, story);
    if (options.json) {
      console.log(JSON.stringify(outcome.document));
    }
    if (options.keep) {
      story.keep(addressesOf(scene));
      await new Promise(() => undefined);
    }
    return outcome.isGood ? 0 : 1;
  } finally {
    closing.uninstall();
    await close(scene);
  }
}

interface Scene {
  readonly folder: string;
  readonly rehearsal: Rehearsal;
  readonly installation: Installation;
  readonly service: Service;
  readonly operator: Operator;
}

async function open(options: DemoOptions, story: Story): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'exo-demo-'));
  const rehearsal = await startRehearsal(options);
  story.begin(rehearsal.engine.name);
  const installation = installFor(rehearsal, folder, 0, DEMO_OPERATIONS);
  const { configFile: file, secrets } = installation;
  const config = loadConfig({ file, environment: { ...secrets } });
  const log = pino({ level: 'info' }, destination({ dest: join(folder, 'log'), sync: true }));
  const service = await startService(config, { environment: process.env, log });
  const operator = new Operator(service.url, secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '');
  const token = secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
  const url = `${service.url}/webhooks/trelica`;
  rehearsal.trelica.setWebhook({ url, token, body: 'ids' });
  return { folder, rehearsal, installation, service, operator };
}

async function close({ service, rehearsal, folder }: Scene): Promise<void> {
  await service.stop();
  await rehearsal.close();
  rmSync(folder, { recursive: true, force: true });
}

interface Outcome {
  readonly isGood: boolean;
  readonly document: object;
}

async function play(scene: Scene, story: Story): Promise<Outcome> {
  const { rehearsal, operator } = scene;
  const { tenant, trelica } = rehearsal;
  story.ready(await untilReady(operator));
  const before = stateOf(tenant.state(tenant.leaver));
  const startedAt = performance.now();
  const { workflowId, runId } = await trelica.startRun(tenant.leaver);
  const job = await follow(operator, runId, story);
  const seconds = Math.round(performance.now() - startedAt) / 1_000;
  const after = stateOf(tenant.state(tenant.leaver));
  const again = await scene.operator.post(
    '/webhooks/trelica',
    { workflowId, runId },
    scene.installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'],
  );
  const shots = trelica
    .runs()
    .filter((run) => run.id === runId)
    .flatMap((run) => run.firings.filter(({ outcome }) => outcome === 'fired'));
  const duplicate = again['duplicate'] === true && again['jobId'] === job.id;
  await takeBack(operator, job.id);
  const undone = isAsBefore(stateOf(tenant.state(tenant.leaver)), before);
  const isGood =
    job.state === 'done' &&
    shots.length === 1 &&
    duplicate &&
    undone &&
    isAsAsked(after, tenant.manager);
  const facts = { job, before, after, seconds, duplicate, undone, isGood };
  story.end(facts);
  return { isGood, document: documentOf(facts, rehearsal.engine.name) };
}

async function untilReady(operator: Operator): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const answer = await operator.get('/readyz');
    const ms = performance.now() - startedAt;
    if (answer['ready'] === true) {
      return ms;
    }
    if (ms > READY_WITHIN_MS) {
      throw new Error(`the service did not become ready: ${JSON.stringify(answer)}`);
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** Looks at the job until it has ended, and tells what is new each time. */
async function follow(operator: Operator, runId: string, story: Story): Promise<ShownJob> {
  return untilEnded(async () => {
    const job = await operator.jobOfRun(runId);
    if (job !== undefined) {
      story.look(job);
    }
    return job;
  });
}

/** As `exo-bridge undo` does it. */
async function takeBack(operator: Operator, jobId: string): Promise<void> {
  const { jobId: made } = await granted(operator.post(`/jobs/${jobId}/undo`, {}));
  await untilEnded(
    async () => (await granted(operator.get(`/jobs/${made}`))) as unknown as ShownJob,
  );
}

async function untilEnded(look: () => Promise<ShownJob | undefined>): Promise<ShownJob> {
  const deadline = performance.now() + DONE_WITHIN_MS;
  for (;;) {
    const job = await look();
    if (job !== undefined && ENDED.some((state) => state === job.state)) {
      return job;
    }
    if (performance.now() > deadline) {
      throw new Error('the job did not end in time');
    }
    await pause(LOOK_AGAIN_MS);
  }
}

function stateOf([state]: readonly State[]): State {
  if (state === undefined) {
    throw new Error('the leaver is not in the tenant');
  }
  return state;
}

export interface DemoFacts {
  readonly job: ShownJob;
  readonly before: State;
  readonly after: State;
  readonly seconds: number;
  readonly duplicate: boolean;
  /** Whether the leaver's mailbox was brought back to what it was before. */
  readonly undone: boolean;
  readonly isGood: boolean;
}

function documentOf({ job, before, after, seconds, ...facts }: DemoFacts, engine: string) {
  return {
    engine,
    jobId: job.id,
    verdict: job.verdict,
    signal: job.signal,
    changes: job.changes,
    before,
    after,
    exchangeCalls: job.exchangeCalls,
    seconds,
    duplicate: facts.duplicate,
    undone: facts.undone,
  };
}

function addressesOf({ service, rehearsal, installation, folder }: Scene) {
  return {
    service: service.url,
    trelica: rehearsal.trelica.baseUrl,
    tenant: rehearsal.tenant.url,
    configuration: installation.configFile,
    log: join(folder, 'log'),
    'operator token': installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '',
  };
}
