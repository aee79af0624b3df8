import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Operator } from '../src/cli/operator.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../src/sandbox/rehearsal.ts';
import { freePort, Program } from '../test/e2e/program.ts';
import { eventually } from '../test/support/eventually.ts';
import { benchBacklog } from './backlog.ts';
import { benchCalls } from './calls.ts';
import { at, ms } from './figures.ts';
import { benchFullStore } from './full-store.ts';
import { benchJobs } from './jobs.ts';
import { openLoop } from './open-loop.ts';
import { benchPool } from './pool.ts';
import { benchSession } from './session.ts';

/** Prints what is promised about speed. Each figure stands beside its bar; machines differ. */

interface Scene {
  readonly rehearsal: Rehearsal;
  readonly installation: Installation;
  readonly operator: Operator;
  readonly url: string;
}

async function withScene(groups: number, use: (scene: Scene) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const engine = STAND_IN;
  const rehearsal = await startRehearsal({ people: 200, groups, latency: 0, seed: 1, engine });
  const port = await freePort();
  const installation = installFor(rehearsal, folder, port);
  const url = `http://127.0.0.1:${port}`;
  const operator = new Operator(url, installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '');
  try {
    await use({ rehearsal, installation, operator, url });
  } finally {
    await rehearsal.close();
    rmSync(folder, { recursive: true });
  }
}

async function ready({ operator }: Scene): Promise<void> {
  await eventually(
    'the service is ready',
    async () => (await operator.get('/readyz').catch(() => undefined))?.['ready'] === true,
    60_000,
  );
}

async function benchWebhook(): Promise<void> {
  await withScene(100, async (scene) => {
    const program = new Program(scene.installation);
    await ready(scene);
    const result = await openLoop({
      url: `${scene.url}/webhooks/trelica`,
      token: scene.installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '',
      body: (number) => ({
        workflowId: scene.rehearsal.trelica.workflow.id,
        runId: number.toString(16).padStart(24, '0'),
      }),
      perSecond: 200,
      seconds: 30,
    });
    console.log('\nWebhook accepted and durable, open loop, 200/s for 30 s');
    console.table({
      p50: { measured: ms(at(result.latencies, 0.5)), bar: '2 ms' },
      p99: { measured: ms(at(result.latencies, 0.99)), bar: '25 ms' },
      max: { measured: ms(at(result.latencies, 1)), bar: '' },
      answers: { measured: JSON.stringify(result.statuses), bar: '{"202":6000}' },
    });
    await program.end('SIGKILL');
  });
}

/** The clock of the tenant's first call is this process's own: the tenant lives here. */
async function benchFirstCommand(): Promise<void> {
  await withScene(100, async (scene) => {
    const program = new Program(scene.installation);
    await ready(scene);
    const { trelica, tenant } = scene.rehearsal;
    const token = scene.installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
    const leavers = tenant.people
      .map(({ email }) => email)
      .filter(
        (email) =>
          tenant
            .state(email)
            .map(({ type }) => type)
            .join() === 'UserMailbox',
      )
      .slice(0, 40);
    const times: number[] = [];
    for (const email of leavers) {
      const run = await trelica.startRun(email);
      const before = tenant.calls().total;
      const startedAt = performance.now();
      const answered = scene.operator.post('/webhooks/trelica', run, token);
      while (tenant.calls().total === before) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      times.push(performance.now() - startedAt);
      await answered;
      await eventually('the leaver is done', () =>
        trelica.runs().some(({ id, status }) => id === run.runId && status === 'Completed'),
      );
    }
    console.log(
      `\nFrom the webhook to the first command in a warm session, ${times.length} leavers`,
    );
    console.table({
      least: { measured: ms(at(times, 0)), bar: '' },
      p50: { measured: ms(at(times, 0.5)), bar: '20 ms' },
      max: { measured: ms(at(times, 1)), bar: '' },
    });
    await program.end('SIGTERM');
  });
}

async function benchStart(): Promise<void> {
  await withScene(100, async ({ installation, url }) => {
    const times: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const startedAt = performance.now();
      const program = new Program(installation);
      await eventually('it answers', async () =>
        fetch(`${url}/livez`)
          .then((answer) => answer.ok)
          .catch(() => false),
      );
      times.push(performance.now() - startedAt);
      await program.end('SIGTERM');
    }
    console.log('\nFrom the start of the process to the first answer, without PowerShell');
    console.table({ median: { measured: ms(at(times, 0.5)), bar: '1000 ms' } });
  });
}

/** All of them, or those named: npm run bench -- webhook jobs */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  start: benchStart,
  calls: benchCalls,
  webhook: benchWebhook,
  first: benchFirstCommand,
  jobs: benchJobs,
  backlog: benchBacklog,
  full: benchFullStore,
  session: benchSession,
  pool: benchPool,
};
const named = process.argv.slice(2);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (named.length === 0 || named.includes(name)) {
    await bench();
  }
}
