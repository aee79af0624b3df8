import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { createCertificate } from '../../src/certificate/create-certificate.ts';
import { loadConfig } from '../../src/config.ts';
import { classify } from '../../src/exchange/errors.ts';
import {
  installFor,
  type Rehearsal,
  type RehearsalEngine,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import {
  createExchangeSessions,
  type ExchangeSessions,
} from '../../src/service/exchange-sessions.ts';
import { findEngine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

const READ = {
  command: 'Get-AcceptedDomain',
  parameters: { ErrorAction: 'Stop' },
  properties: ['DomainName'],
};
const LIMITS = { timeoutMs: 60_000 };

interface Line {
  readonly msg: string;
  readonly sessionId?: string;
  readonly shellPid?: number;
  readonly to?: string;
  readonly reason?: string;
}

/** The pool as the service wires it, on real shells and the simulated tenant. */
async function withSessions(
  engine: RehearsalEngine,
  change: (config: ReturnType<typeof loadConfig>) => ReturnType<typeof loadConfig>,
  use: (
    scene: ExchangeSessions & { readonly rehearsal: Rehearsal; readonly lines: readonly Line[] },
  ) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'es-'));
  const rehearsal = await startRehearsal({ people: 20, groups: 5, latency: 0, seed: 1, engine });
  const { configFile: file, secrets } = installFor(rehearsal, folder, 0);
  const config = change(loadConfig({ file, environment: { ...secrets } }));
  const lines: Line[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const sessions = createExchangeSessions(config, { environment: process.env, log });
  try {
    await use({ ...sessions, rehearsal, lines });
  } finally {
    await sessions.pool.stop({ graceMs: 0 });
    assert.deepEqual(readdirSync(sessions.folder), [], 'a session left its folder behind');
    rmSync(sessions.folder, { recursive: true });
    await rehearsal.close();
    rmSync(folder, { recursive: true });
    for (const { shellPid } of lines) {
      assert.ok(shellPid === undefined || !isAlive(shellPid), 'a shell lives on');
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function describeSessions(engine: RehearsalEngine): void {
  describe(`pooled sessions on ${engine.name}`, () => {
    test('a call finds a warm session, and the session is one process for all calls', () =>
      withSessions(
        engine,
        (config) => config,
        async ({ pool, lines }) => {
          pool.start();
          await eventually('it is ready', () => pool.status.obstacle === undefined, 60_000);
          for (let call = 0; call < 5; call += 1) {
            assert.equal((await pool.run(READ, LIMITS)).kind, 'completed');
          }
          assert.equal(pool.status.counters.started, 1);
          const states = lines.filter(({ msg }) => msg === 'session state');
          assert.equal(new Set(states.map(({ sessionId }) => sessionId)).size, 1);
          assert.deepEqual(
            states.slice(0, 4).map(({ to }) => to),
            ['starting', 'connecting', 'idle', 'busy'],
          );
        },
      ));

    test('a shell that is killed while it rests is replaced by itself', () =>
      withSessions(
        engine,
        (config) => config,
        async ({ pool, lines }) => {
          pool.start();
          await eventually('it is ready', () => pool.status.obstacle === undefined, 60_000);
          const pid = lines.find(({ shellPid }) => shellPid !== undefined)?.shellPid ?? 0;
          process.kill(pid, 'SIGKILL');
          await eventually(
            'a second one is ready',
            () => pool.status.counters.started === 2,
            60_000,
          );
          assert.equal((await pool.run(READ, LIMITS)).kind, 'completed');
          assert.equal(pool.status.counters.lost, 1);
        },
      ));

    test('a token that the other side forgot costs one call and a new session', () =>
      withSessions(
        engine,
        (config) => config,
        async ({ pool, rehearsal }) => {
          rehearsal.tenant.order([
            { kind: 'session-gone', cmdlet: 'Get-AcceptedDomain', after: 1 },
          ]);
          const first = await pool.run(READ, LIMITS);
          assert.equal(first.kind, 'failed');
          assert.equal((await pool.run(READ, LIMITS)).kind, 'completed');
          assert.equal(pool.status.counters.started, 2);
        },
      ));

    test('a cmdlet that no role gives is a refusal, and the session stays', () =>
      withSessions(
        engine,
        (config) => config,
        async ({ pool, rehearsal }) => {
          rehearsal.tenant.withhold(['Set-Mailbox']);
          const request = {
            command: 'Set-Mailbox',
            parameters: { Identity: 'lee@example.org', Confirm: false, ErrorAction: 'Stop' },
            properties: [],
          };
          for (const _ of [1, 2]) {
            const outcome = await pool.run(request, LIMITS);
            assert.ok(outcome.kind === 'failed');
            assert.equal(classify(outcome.error), 'exchange.access-denied');
            assert.equal(outcome.error.message, 'no role of the app has the cmdlet Set-Mailbox');
          }
          assert.deepEqual([pool.status.counters.started, pool.status.counters.lost], [1, 0]);
        },
      ));

    test('a certificate that is refused opens the breaker, is told with its cure, and no shell is left', () =>
      withSessions(
        engine,
        (config) => ({
          ...config,
          exchange: { ...config.exchange, appId: '99999999-2222-4333-8444-555555555555' },
        }),
        async ({ pool, lines }) => {
          await assert.rejects(pool.run(READ, LIMITS), { code: 'exchange.sign-in-refused' });
          await assert.rejects(pool.run(READ, LIMITS), { code: 'exchange.sign-in-refused' });
          assert.equal(pool.status.breaker, 'open');
          assert.match(pool.status.obstacle ?? '', /AADSTS700016.*check exchange\.appId.*next try/);
          assert.equal(lines.filter(({ to }) => to === 'starting').length, 1);
        },
      ));

    test('a certificate that is put in the place of the old one is taken by a successor', async () => {
      const next = await createCertificate('next', 3_600_000);
      let isInPlace = false;
      await withSessions(
        engine,
        ({ secrets, ...config }) => {
          const { certificate } = secrets;
          assert.ok(certificate);
          const inPlace = { pfx: next.pfx.toString('base64'), password: next.password };
          const readAgain = () => (isInPlace ? inPlace : certificate);
          return { ...config, secrets: { ...secrets, certificate: { ...certificate, readAgain } } };
        },
        async ({ pool, certificate, rehearsal, lines }) => {
          rehearsal.tenant.upload(next.thumbprint);
          assert.equal((await pool.run(READ, LIMITS)).kind, 'completed');
          isInPlace = true;
          await certificate?.look();
          assert.equal(certificate?.status.facts?.thumbprint, next.thumbprint);
          await eventually(
            'the old one has gone',
            () => pool.status.counters.recycled === 1,
            60_000,
          );
          assert.equal((await pool.run(READ, LIMITS)).kind, 'completed');
          assert.equal(pool.status.counters.started, 2);
          assert.ok(lines.some(({ reason }) => reason === 'another certificate'));
        },
      );
    });

    test('stopping says good-bye to the tenant', () =>
      withSessions(
        engine,
        (config) => config,
        async ({ pool, rehearsal }) => {
          await pool.run(READ, LIMITS);
          assert.equal(rehearsal.tenant.connections(), 1);
          await pool.stop({ graceMs: 0 });
          assert.equal(rehearsal.tenant.connections(), 0);
        },
      ));
  });
}

describeSessions(STAND_IN);
const engine = findEngine();
if (engine === undefined) {
  test('pooled sessions on a PowerShell engine', {
    skip: 'neither pwsh nor a .NET SDK is installed here',
  });
} else {
  describeSessions({ name: 'pwsh', command: engine.command });
}
