import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Rehearsal,
  STAND_IN,
  sessionSettings,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { SIGNAL_TITLE } from '../../src/sandbox/trelica/workflow.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from './program.ts';
import { missingOf, readSteps, type Typed } from './readme-steps.ts';

/**
 * The ten steps of the README, typed as they stand there by somebody who has the rehearsal's addresses in the
 * place of the real ones, and does at the far ends what the page says in words.
 */

const folder = mkdtempSync(join(tmpdir(), 'first-hour-'));
const LEAVER = 'max.muster@example.org';
const MANAGER = 'ada.boss@example.org';
let rehearsal: Rehearsal;
let port: number;
let service: ChildProcess | undefined;
let jobId = '';

before(async () => {
  rehearsal = await startRehearsal({
    people: 20,
    groups: 5,
    latency: 0,
    seed: 1,
    engine: STAND_IN,
  });
  port = await freePort();
  writeFileSync(join(folder, 'client-secret'), rehearsal.trelica.clientSecret);
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers()));
});
after(async () => {
  service?.kill('SIGTERM');
  await rehearsal.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

/** What a person answers in step 4. */
function answers() {
  const { tenant, trelica } = rehearsal;
  return {
    organization: tenant.organization,
    appId: tenant.appId,
    region: trelica.baseUrl,
    clientId: trelica.clientId,
    clientSecretFile: join(folder, 'client-secret'),
    workflow: trelica.workflow.name,
    step: SIGNAL_TITLE,
    powershell: sessionSettings(rehearsal),
  };
}

/** What is done at the far ends when a step's commands are typed, by the step's heading. */
const FAR_ENDS: Readonly<Record<string, (printed: string) => Promise<void> | void>> = {
  '2. A certificate': (printed) => {
    rehearsal.tenant.upload(/Thumbprint +([0-9A-F]{40})/.exec(printed)?.[1] ?? '');
  },
  '4. The settings': () => {
    const file = join(folder, 'exo-bridge.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('port: 8080', `port: ${port}`));
    const url = `http://127.0.0.1:${port}/webhooks/trelica`;
    const token = readFileSync(join(folder, 'secrets', 'webhook-token'), 'utf8').trim();
    rehearsal.trelica.setWebhook({ url, token, body: 'ids' });
  },
  // The last thing that is typed before the first leaver.
  '9. Run it': async (printed) => {
    if (printed.includes('"ready"')) {
      await rehearsal.trelica.startRun(LEAVER);
    }
  },
  '10. The first leaver': (printed) => {
    jobId ||= /[0-9a-f-]{36}/.exec(printed)?.[0] ?? '';
  },
};

/** The words of the page that are somebody's own, with ours in their place. */
function ours(text: string): string {
  return text
    .replaceAll('lee@example.org', LEAVER)
    .replaceAll('max@example.org', MANAGER)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('JOB', jobId || '…');
}

function typedAs({ command }: Typed): string {
  const program = `${JSON.stringify(process.execPath)} ${resolve('bin/exo-bridge.cjs')}`;
  return ours(command)
    .replace(/^npx exo-bridge init$/, '$& --answers answers.json')
    .replace(/^npx exo-bridge jobs .*/, `$& --url http://127.0.0.1:${port}`)
    .replace(/^npx exo-bridge/, program);
}

function start(line: string): { readonly child: ChildProcess; readonly printed: () => string } {
  let printed = '';
  const child = spawn('sh', ['-c', `exec ${line}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      printed += data;
    });
  }
  return { child, printed: () => printed };
}

/** Types a line, and gives what it printed: of the service once it listens, of all others at their end. */
async function type(typed: Typed): Promise<string> {
  const { child, printed } = start(typedAs(typed));
  if (typed.command.endsWith(' serve')) {
    service = child;
    await eventually('the service listens', () => printed().includes('service started'), 60_000);
    return printed();
  }
  const [code] = await once(child, 'close');
  assert.ok(code === 0 || isLooking(typed), `${typed.command} ends with ${code}\n${printed()}`);
  return printed();
}

/** Who only looks may look again, until it is there. */
function isLooking({ command }: Typed): boolean {
  return /^(curl|npx exo-bridge jobs) /.test(command);
}

async function typeUntilKept(typed: Typed): Promise<string> {
  let printed = await type(typed);
  const missing = () => missingOf(typed.promised.map(ours), printed);
  const deadline = performance.now() + 60_000;
  while (missing() !== undefined && isLooking(typed) && performance.now() < deadline) {
    printed = await type(typed);
  }
  assert.equal(missing(), undefined, `${typed.step}: ${typed.command} prints\n${printed}`);
  return printed;
}

test('the ten steps of the README lead from nothing to the first leaver', {
  skip: process.platform === 'win32' ? 'they are typed into a shell' : false,
}, async () => {
  const steps = readSteps();
  assert.deepEqual(
    steps.map(({ command }) => command.replace(/^npx exo-bridge /, '').split(' ')[0]),
    [
      'cert',
      'init',
      'permissions',
      'permissions',
      'check',
      'plan',
      'serve',
      'curl',
      'jobs',
      'jobs',
    ],
  );
  for (const typed of steps) {
    await FAR_ENDS[typed.step]?.(await typeUntilKept(typed));
  }
  const [mailbox] = rehearsal.tenant.state(LEAVER);
  assert.equal(mailbox?.type, 'SharedMailbox');
  assert.deepEqual(mailbox.fullAccess, [MANAGER]);
});
