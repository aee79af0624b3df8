import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { pino } from 'pino';
import type { ParameterValue, Row } from '../../src/powershell/frames.ts';
import { type Session, startSession } from '../../src/powershell/session.ts';
import { makeCertificate } from '../../src/sandbox/certificate.ts';
import type { Engine } from '../support/engine.ts';

export const WORKER = resolve('src/powershell/worker.ps1');
const MODULE = resolve('test/support/TestModule/TestModule.psm1');

/** Everything that must come back equal to the letter and never run. */
export const HOSTILE_TEXTS: readonly string[] = [
  "'",
  '\u2018\u2019\u201a\u201b',
  '"',
  '\u201c\u201d\u201e',
  '-\u2013\u2014\u2015',
  '$(Get-Process)',
  '$env:PATH',
  '`n`0`$',
  ';|&',
  '@"\n"@',
  "@'\n'@",
  '--%',
  Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(''),
  Array.from({ length: 33 }, (_, code) => String.fromCharCode(0x7f + code)).join(''),
  '\u2028\u2029',
  '2026-03-01T08:00:00Z',
  'true',
  '1e999',
  '-Text',
  '-Flag:$true',
  '\u{1F600}',
  '',
  'x'.repeat(65_536),
  'é'.repeat(1_048_576),
];

const ALLOW = {
  'Get-Echo': ['Text', 'List', 'Flag', 'Switch', 'Any', 'ErrorAction'],
  'Get-Row': ['Count'],
  'Get-Kind': ['Secret', 'Table'],
  'Set-Thing': ['Identity', 'Kind', 'ErrorAction', 'Nonsense'],
  'Get-Trouble': ['Terminating', 'ErrorAction'],
  'Wait-Politely': [],
  'Wait-Deaf': [],
  'Write-Noise': ['Megabytes'],
  'Stop-Worker': [],
  'Get-Missing': [],
};

/** What anything that speaks the worker's frames must do. */
export function describeWorker(engine: Engine): void {
  describe(`the worker on ${engine.name}`, () => {
    const base = mkdtempSync(join(tmpdir(), 'wk-'));
    const sessions: Session[] = [];
    after(async () => {
      await Promise.all(sessions.map((session) => session.stop('test over')));
      assert.deepEqual(readdirSync(base), [], 'a session left its folder behind');
      rmSync(base, { recursive: true });
    });

    async function open(): Promise<Session> {
      const session = await startSession({
        command: engine.command,
        workerScript: WORKER,
        baseDirectory: base,
        inherited: process.env,
        environment: {},
        startTimeoutMs: 30_000,
        graces: { cancelMs: 2_000, interruptMs: 2_000, killMs: 5_000 },
        log: pino({ level: 'silent' }),
      });
      sessions.push(session);
      const outcome = await session.prepare(
        { modules: [{ name: MODULE }], allow: ALLOW },
        { timeoutMs: 30_000 },
      );
      assert.equal(outcome.kind, 'completed', JSON.stringify(outcome));
      return session;
    }

    let shared: Promise<Session> | undefined;
    const session = () => {
      shared ??= open();
      return shared;
    };

    async function run(
      command: string,
      parameters: Record<string, ParameterValue> = {},
      properties: readonly string[] = [],
    ) {
      return (await session()).run({ command, parameters, properties }, { timeoutMs: 20_000 });
    }

    async function rows(
      command: string,
      parameters: Record<string, ParameterValue>,
      properties: readonly string[],
    ): Promise<readonly Row[]> {
      const outcome = await run(command, parameters, properties);
      assert.equal(outcome.kind, 'completed', JSON.stringify(outcome));
      return outcome.rows;
    }

    test('typed parameters arrive as they were sent and only the asked properties come back', async () => {
      const parameters = { Text: 'a', List: ['x', 'y'], Flag: true, Switch: true };
      assert.deepEqual(
        await rows('Get-Echo', parameters, ['Text', 'List', 'Flag', 'Switch', 'Nothing']),
        [{ Text: 'a', List: ['x', 'y'], Flag: true, Switch: true }],
      );
    });

    test('every hostile text comes back equal to the letter', async () => {
      for (const text of HOSTILE_TEXTS) {
        const [row] = await rows('Get-Echo', { Text: text, List: [text] }, ['Text', 'List']);
        assert.ok(row?.['Text'] === text, `changed: ${JSON.stringify(text.slice(0, 60))}`);
        assert.deepEqual(row['List'], [text]);
      }
    });

    test('many rows come in order, enums as names, dates as ISO 8601 UTC', async () => {
      const found = await rows('Get-Row', { Count: 450 }, ['Number', 'Name', 'Day', 'When']);
      assert.deepEqual(
        found.map((row) => row['Number']),
        Array.from({ length: 450 }, (_, number) => number),
      );
      assert.deepEqual(found[449], {
        Number: 449,
        Name: 'row 449',
        Day: 'Friday',
        When: '2026-03-01T08:00:00Z',
      });
    });

    test('a secure string and a change table are built from their tagged forms', async () => {
      const [row] = await rows(
        'Get-Kind',
        {
          Secret: { $type: 'secure-string', value: "pä'ss$(1)" },
          Table: { $type: 'change', add: ['x'], remove: [] },
        },
        ['SecretType', 'SecretText', 'Added', 'Sides'],
      );
      assert.deepEqual(row, {
        SecretType: 'SecureString',
        SecretText: "pä'ss$(1)",
        Added: ['x'],
        Sides: ['add'],
      });
    });

    test('a certificate with its key is built from PFX bytes and password', async () => {
      const { pfx, password } = await makeCertificate('worker test');
      const certificate = { $type: 'certificate', pfx: pfx.toString('base64'), password } as const;
      assert.deepEqual(await rows('Get-Kind', { Secret: certificate }, ['SecretType', 'Subject']), [
        { SecretType: 'X509Certificate2', Subject: 'CN=worker test' },
      ]);
    });

    test('a certificate with a wrong password is refused without a word of it', async () => {
      const { pfx } = await makeCertificate();
      const certificate = {
        $type: 'certificate',
        pfx: pfx.toString('base64'),
        password: 'wrong-canary',
      } as const;
      const outcome = await run('Get-Kind', { Secret: certificate });
      assert.equal(outcome.kind, 'failed');
      assert.doesNotMatch(JSON.stringify(outcome), /wrong-canary/);
    });

    test('a warning is no error', async () => {
      const outcome = await run('Set-Thing', { Identity: 'a@b.example' });
      assert.equal(outcome.kind, 'completed');
      assert.deepEqual(outcome.warnings, ['nothing was changed on a@b.example']);
    });

    test('a non-terminating error fails the command, with what was returned besides', async () => {
      const outcome = await run('Get-Trouble', {}, ['Name']);
      assert.equal(outcome.kind, 'failed');
      assert.deepEqual(outcome.rows, [{ Name: 'after the error' }]);
      const { position: _position, ...error } = outcome.error;
      assert.deepEqual(error, {
        message: 'Ex1|Some.Class|it did not work',
        exceptionType: 'System.InvalidOperationException',
        innerTypes: ['System.ArgumentException'],
        fullyQualifiedErrorId: 'TroubleId,Get-Trouble',
        category: 'InvalidOperation',
        reason: 'InvalidOperationException',
        activity: 'Get-Trouble',
        targetName: 'the target',
      });
    });

    for (const parameters of [{ Terminating: true }, { ErrorAction: 'Stop' }]) {
      test(`an error is told with its own id and text, ${JSON.stringify(parameters)}`, async () => {
        const outcome = await run('Get-Trouble', parameters, ['Name']);
        assert.equal(outcome.kind, 'failed');
        assert.equal(outcome.error.message, 'Ex1|Some.Class|it did not work');
        assert.equal(outcome.error.fullyQualifiedErrorId, 'TroubleId,Get-Trouble');
        assert.deepEqual(outcome.rows, []);
      });
    }

    test('a parameter the command does not have is a binding error', async () => {
      const outcome = await run('Set-Thing', { Identity: 'a@b.example', Nonsense: 'x' });
      assert.equal(outcome.kind, 'failed');
      assert.match(outcome.error.fullyQualifiedErrorId, /^NamedParameterNotFound/);
    });

    test('a value outside the documented set is a binding error', async () => {
      const outcome = await run('Set-Thing', { Identity: 'a@b.example', Kind: 'Three' });
      assert.equal(outcome.kind, 'failed');
      assert.match(outcome.error.exceptionType, /ParameterBinding/);
    });

    test('an unknown command is a failure of its own class', async () => {
      const outcome = await run('Get-Missing');
      assert.equal(outcome.kind, 'failed');
      assert.match(outcome.error.fullyQualifiedErrorId, /CommandNotFound/);
    });

    for (const identity of ['', ' ', '*', 'a*', '?']) {
      test(`the identity ${JSON.stringify(identity)} is refused and the session stays usable`, async () => {
        await assert.rejects(run('Set-Thing', { Identity: identity }), {
          code: 'powershell.value-refused',
        });
        assert.equal((await run('Get-Echo', { Text: 'still here' })).kind, 'completed');
      });
    }

    test('a command or parameter outside the allow list is refused before it is sent', async () => {
      await assert.rejects(run('Get-Process'), { code: 'powershell.command-refused' });
      await assert.rejects(run('Get-Row', { Text: 'x' }), { code: 'powershell.command-refused' });
    });

    test('half of a surrogate pair is refused before it is sent', async () => {
      await assert.rejects(run('Get-Echo', { Text: '\ud800' }), {
        code: 'powershell.value-refused',
      });
    });

    test('a ping is answered while a command runs', async () => {
      const busy = await open();
      const running = busy.run(
        { command: 'Wait-Politely', parameters: {}, properties: [] },
        { timeoutMs: 500 },
      );
      const vitals = await busy.ping(5_000);
      assert.equal(vitals?.busy, true);
      assert.ok((vitals?.memoryBytes ?? 0) > 1_000_000);
      await assert.rejects(running, { code: 'powershell.timed-out' });
      await busy.ended;
      assert.equal(busy.state, 'dead');
    });

    test('a cancelled command rejects its caller, and the session is not used again', async () => {
      const busy = await open();
      const abort = new AbortController();
      const running = busy.run(
        { command: 'Wait-Politely', parameters: {}, properties: [] },
        { timeoutMs: 20_000, signal: abort.signal },
      );
      await busy.ping(5_000);
      abort.abort();
      await assert.rejects(running, { code: 'powershell.cancelled' });
      await busy.ended;
      await assert.rejects(
        busy.run({ command: 'Get-Row', parameters: {}, properties: [] }, { timeoutMs: 1_000 }),
        { code: 'powershell.session-lost' },
      );
    });

    test('a command that is deaf to cancel is ended all the same', async () => {
      const busy = await open();
      const running = busy.run(
        { command: 'Wait-Deaf', parameters: {}, properties: [] },
        { timeoutMs: 300 },
      );
      await assert.rejects(running, { code: 'powershell.timed-out' });
      await busy.ended;
    });

    test('a worker that dies mid-command makes its outcome unknown', async () => {
      const dying = await open();
      await assert.rejects(
        dying.run(
          { command: 'Stop-Worker', parameters: {}, properties: [] },
          { timeoutMs: 20_000 },
        ),
        { code: 'powershell.session-lost' },
      );
      await dying.ended;
    });

    test('megabytes of console noise neither hang the command nor reach its result', async () => {
      assert.deepEqual(await rows('Write-Noise', { Megabytes: 4 }, ['Name']), [{ Name: 'done' }]);
    });
  });
}
