import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { type Config, loadConfig } from '../../src/config.ts';
import { openSqliteStore } from '../../src/jobs/sqlite.ts';
import type { JobStore } from '../../src/jobs/store.ts';
import { readReport } from '../../src/offboarding/report.ts';
import { CAST } from '../../src/sandbox/tenant/cast.ts';
import { describePerson, peopleOf } from '../../src/sandbox/tenant/populate.ts';
import { type Assembly, assemble } from '../../src/service/assemble.ts';
import { type SmallRequest, SmallTrelica } from '../support/small-trelica.ts';
import { openTenant, sessionsOn } from '../support/tenant-exchange.ts';
import { UNSEEN } from '../support/unseen.ts';
import { rest, VirtualClock } from '../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const folder = mkdtempSync(join(tmpdir(), 'outage-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

interface Scene {
  readonly clock: VirtualClock;
  readonly trelica: SmallTrelica;
  readonly service: Assembly;
  readonly store: JobStore;
  /** Cmdlets that change something, in the order they were called. */
  readonly writes: string[];
  pass(ms: number): Promise<void>;
}

/** The whole service but for disk, socket and session: those are a queue on disk, a function and a tenant. */
async function withService(use: (scene: Scene) => Promise<void>): Promise<void> {
  files += 1;
  const clock = new VirtualClock();
  const trelica = new SmallTrelica(clock);
  const store = openSqliteStore(join(folder, `${files}.db`));
  const tenant = openTenant({ people: 60 });
  const inner = sessionsOn(tenant);
  const writes: string[] = [];
  const service = assemble(config(), {
    store,
    sessions: {
      status: { obstacle: undefined },
      run: (request, limits) => {
        if (!request.command.startsWith('Get-')) {
          writes.push(request.command);
        }
        return inner.run(request, limits);
      },
    },
    ...UNSEEN,
    fetch: trelica.fetch,
    clock,
    random: () => 0.5,
    log: pino({ level: 'silent' }),
  });
  await service.runner.start();
  try {
    await use({ clock, trelica, service, store, writes, pass: (ms) => pass(clock, ms) });
  } finally {
    const stopped = service.runner.stop({ graceMs: 0 });
    await pass(clock, MINUTE);
    await stopped;
    service.closeTrelica();
    await service.timer.stop();
    await store.close();
  }
}

/** In small steps where it matters: what a step sets off takes some turns of the event loop and no time. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const [stepMs, turns] = ms >= HOUR ? [MINUTE, 2] : [100, 8];
  for (let passed = 0; passed < ms; passed += stepMs) {
    await clock.pass(Math.min(stepMs, ms - passed));
    for (let turn = 0; turn < turns; turn += 1) {
      await rest();
    }
  }
}

function config(): Config {
  const file = join(folder, 'exo-bridge.yaml');
  writeFileSync(
    file,
    `
trelica: { baseUrl: 'https://eu.trelica.com', clientId: c }
exchange: { organization: contoso.onmicrosoft.com, appId: 6f9619ff-8b86-d011-b42d-00c04fc964ff, signIn: managed-identity }
workflows:
  - workflow: Person leaves
    operations: { convert-to-shared: {} }
`,
  );
  return loadConfig({
    file,
    environment: {
      EXO_BRIDGE_WEBHOOK_TOKEN: 'webhook-token-0001',
      EXO_BRIDGE_POLL_TOKEN: 'poll-token-00000001',
      EXO_BRIDGE_OPERATOR_TOKEN: 'operator-token-0001',
      EXO_BRIDGE_TRELICA_CLIENT_SECRET: 'secret',
    },
  });
}

/** Addresses of people with ordinary mailboxes. */
const LEAVERS = peopleOf({ seed: 1, people: 60, groups: 0 })
  .slice(CAST.length, CAST.length + 6)
  .map((role) => describePerson(role).email);

/** Six leavers whose Exchange work is done while no signal comes through. */
async function withOwedSignals(use: (scene: Scene) => Promise<void>): Promise<void> {
  await withService(async (scene) => {
    scene.trelica.weather = 'no-fire';
    for (const email of LEAVERS) {
      const { id } = scene.trelica.startRun(email);
      const request = { workflowId: 'workflow1', runId: id, step: 'Signal' };
      await scene.service.front.intake.accept({ ...request, source: 'webhook' });
    }
    await scene.pass(2 * MINUTE);
    assert.equal(scene.writes.length, LEAVERS.length);
    const jobs = await scene.store.list({ limit: 99 });
    assert.deepEqual(
      jobs.map(({ report }) => readReport(report).verdict),
      LEAVERS.map(() => 'continue'),
    );
    await use(scene);
  });
}

/** Why Trelica is not ready, if it is not. */
async function trelicaReadiness({ service }: Scene): Promise<string | undefined> {
  const parts = await service.front.readiness();
  return parts.find(({ name }) => name === 'trelica')?.reason;
}

/** The most requests within any second. */
function busiestSecond(requests: readonly SmallRequest[]): number {
  return Math.max(
    ...requests.map(
      ({ at }) => requests.filter((one) => at <= one.at && one.at < at + 1_000).length,
    ),
  );
}

for (const [weather, days] of [
  ['unreachable', 7],
  ['page', 1],
  ['wrong-credentials', 1],
] as const) {
  test(`${days} days of ${weather}: the work is done once, and the signals follow within a minute`, () =>
    withOwedSignals(async (scene) => {
      const { clock, trelica, store, writes, pass } = scene;
      trelica.weather = weather;
      trelica.requests.length = 0;
      await pass(days * DAY);
      // One probe in half a minute, give or take a tenth, and up to two requests each.
      const probes = trelica.requests.length;
      assert.ok(probes <= 2 * 1.2 * ((days * DAY) / 30_000), `${probes} requests`);
      const { waiting } = await store.count();
      assert.equal(waiting, LEAVERS.length);
      assert.match((await trelicaReadiness(scene)) ?? '', /^trelica\./);
      trelica.requests.length = 0;
      const back = clock.now();
      trelica.weather = 'fine';
      await pass(75_000);
      const fired = [...trelica.runs.values()].map(({ firedAt = Number.NaN }) => firedAt - back);
      assert.ok(
        fired.every((ms) => ms <= MINUTE),
        `signals after ${fired.join(', ')} ms`,
      );
      assert.equal((await store.count()).done, LEAVERS.length);
      assert.equal(await trelicaReadiness(scene), undefined);
      assert.ok([...trelica.runs.values()].every((run) => run.fired === 1));
      assert.equal(writes.length, LEAVERS.length, 'what is so already is not done again');
      assert.ok(busiestSecond(trelica.requests) <= 21, `${busiestSecond(trelica.requests)}/s`);
    }));
}

test('a verdict of a few minutes ago is delivered without asking Exchange anything', () =>
  withOwedSignals(async ({ trelica, store, pass }) => {
    const calls = async () =>
      (await store.list({ limit: 99 })).map(({ report }) => readReport(report).exchangeCalls);
    const before = await calls();
    trelica.weather = 'fine';
    await pass(6 * MINUTE);
    assert.equal((await store.count()).done, LEAVERS.length);
    assert.deepEqual(await calls(), before);
  }));

test('a run whose webhook was lost is found within seconds of the start, and after an outage', () =>
  withService(async ({ trelica, service, store, pass }) => {
    const [first = '', second = ''] = LEAVERS;
    trelica.startRun(first);
    service.timer.start();
    await pass(30_000);
    assert.equal((await store.count()).done, 1);
    trelica.weather = 'unreachable';
    await pass(3 * HOUR);
    trelica.startRun(second);
    trelica.weather = 'fine';
    await pass(90_000);
    assert.equal((await store.count()).done, 2);
  }));

test('what was taken back while its signal was owed is done again before the job signals', () =>
  withOwedSignals(async ({ trelica, service, store, writes, pass }) => {
    const { cancel, undo, retry } = service.front;
    const [job] = await store.list({ limit: 1 });
    assert.ok(job !== undefined);
    await cancel(job.id);
    const { jobId } = await undo(job.id);
    await pass(1_000);
    assert.equal((await store.find(jobId))?.state, 'done');
    assert.equal(writes.length, LEAVERS.length + 1);
    trelica.weather = 'fine';
    await retry(job.id);
    await pass(MINUTE);
    assert.equal((await store.find(job.id))?.state, 'done');
    assert.equal(writes.length, LEAVERS.length + 2);
  }));

test('an undo that a retry has overtaken is superseded', () =>
  withOwedSignals(async ({ trelica, service, store, writes, pass }) => {
    const { cancel, undo, retry, pause, resume } = service.front;
    const [job] = await store.list({ limit: 1 });
    assert.ok(job !== undefined);
    await cancel(job.id);
    await pause(undefined);
    const { jobId } = await undo(job.id);
    await retry(job.id);
    trelica.weather = 'fine';
    await resume();
    await pass(MINUTE);
    const undone = await store.find(jobId);
    assert.deepEqual([undone?.state, undone?.reason?.code], ['superseded', 'tried-again']);
    assert.equal((await store.find(job.id))?.state, 'done');
    assert.equal(writes.length, LEAVERS.length);
  }));
