import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Operator } from '../../src/cli/operator.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, Program } from './program.ts';

const DISK_BYTES = 2 * 2 ** 20;

let rehearsal: Rehearsal;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'disk-'));
  rehearsal = await startRehearsal({
    people: 30,
    groups: 5,
    latency: 0,
    seed: 1,
    engine: STAND_IN,
  });
});
afterEach(() => Program.killAll());
after(async () => {
  await rehearsal.close();
  rmSync(folder, { recursive: true });
});

/** A service with its queue in a folder, and what a webhook to it is answered. */
class Scene {
  readonly installation: Installation;
  readonly #operator: Operator;
  readonly #url: string;
  #sent = 0;
  /** Jobs that were answered with 202. */
  readonly accepted: string[] = [];
  program: Program;

  constructor(home: string, port: number) {
    this.installation = installFor(rehearsal, home, port);
    this.#url = `http://127.0.0.1:${port}`;
    const token = this.installation.secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '';
    this.#operator = new Operator(this.#url, token);
    this.program = new Program(this.installation);
  }

  /** Asks for a run that there is not, which makes a job all the same; gives the status. */
  async webhook(): Promise<number> {
    this.#sent += 1;
    const runId = this.#sent.toString(16).padStart(24, '0');
    const answer = await fetch(`${this.#url}/webhooks/trelica`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.installation.secrets['EXO_BRIDGE_WEBHOOK_TOKEN']}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ workflowId: rehearsal.trelica.workflow.id, runId }),
    });
    const { jobId } = (await answer.json()) as { jobId?: string };
    if (answer.status === 202) {
      this.accepted.push(jobId ?? 'none');
    }
    return answer.status;
  }

  /** Until it answers so, which must be soon. */
  becomes(status: number): Promise<unknown> {
    return eventually(`a webhook is answered ${status}`, async () => {
      const answered = await this.webhook();
      assert.ok([202, 503].includes(answered), `answered ${answered}`);
      return answered === status;
    });
  }

  /** Everything that was promised is there, also for the next process. */
  async assertNothingLost(): Promise<void> {
    await this.program.end('SIGKILL');
    this.program = new Program(this.installation);
    await this.program.started();
    for (const id of this.accepted) {
      assert.equal((await this.#operator.get(`/jobs/${id}`))['id'], id);
    }
    assert.equal(await this.program.end('SIGTERM'), 0, this.program.output);
  }
}

function whyNoMount(): string | false {
  const place = mkdtempSync(join(tmpdir(), 'mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place]);
  if (status === 0) {
    spawnSync('umount', [place]);
  }
  rmSync(place, { recursive: true });
  return status !== 0 && 'nothing can be mounted here';
}

test('on a full disk nothing is promised, and with room again all goes on', {
  skip: whyNoMount(),
}, async () => {
  const home = join(folder, 'small');
  const data = join(home, 'data');
  mkdirSync(data, { recursive: true });
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', data]);
  try {
    const scene = new Scene(home, await freePort());
    await scene.program.started();
    await scene.becomes(202);
    const filler = join(data, 'filler');
    fill(filler);
    await scene.becomes(503);
    rmSync(filler);
    await scene.becomes(202);
    await scene.assertNothingLost();
  } finally {
    await Program.killAll();
    spawnSync('umount', [data]);
  }
});

/** Takes all the room there is. */
function fill(file: string): void {
  for (let bytes = DISK_BYTES; bytes >= 1; bytes /= 2) {
    try {
      writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    }
  }
}

const SYNCS = 'fsync,fdatasync';

function whyNoStrace(): string | false {
  const { status } = spawnSync('strace', ['-e', `inject=${SYNCS}:error=EIO`, 'true']);
  return status !== 0 && 'there is no strace here, or it may not trace';
}

test('when the disk cannot flush nothing is promised, and when it can again all goes on', {
  skip: whyNoStrace(),
}, async () => {
  const home = join(folder, 'failing');
  mkdirSync(home);
  const scene = new Scene(home, await freePort());
  await scene.program.started();
  await scene.becomes(202);
  const trouble = await failingFlushes(scene.program.child);
  await scene.becomes(503);
  for (let time = 0; time < 20; time += 1) {
    assert.equal(await scene.webhook(), 503);
  }
  trouble.kill('SIGINT');
  await once(trouble, 'exit');
  await scene.becomes(202);
  await scene.assertNothingLost();
});

async function failingFlushes({ pid }: ChildProcess): Promise<ChildProcess> {
  const options = ['-f', '-p', String(pid), '-e', `trace=${SYNCS}`];
  const inject = ['-e', `inject=${SYNCS}:error=EIO`];
  const strace = spawn('strace', [...options, ...inject], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(strace.stderr, 'data');
  return strace;
}
