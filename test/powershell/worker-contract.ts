import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { createCertificate } from '../../src/certificate/create-certificate.ts';
import type { ParameterValue, Row } from '../../src/powershell/frames.ts';
import type { Session } from '../../src/powershell/session.ts';
import { startSession } from '../../src/powershell/start-session.ts';
import type { Engine } from '../support/engine.ts';
import { eventually } from '../support/eventually.ts';

export const WORKER = resolve('src/powershell/worker.ps1');
const HOUR_MS = 60 * 60_000;
const MODULE = resolve('test/support/TestModule/TestModule.psm1');

/** Everything that must come back equal to the letter and never run. */
export const HOSTILE_TEXTS: readonly string[] = [
  "'",
  '\u2018\u2019\u201a\u201b',
  '"',
  '\u201c\u201d\u201e',
  '-\u2013\u2014\u2015',
  '$(Set-Marker)',
  ';Set-Marker;',
  '|Set-Marker',
  '& Set-Marker',
  "'; Set-Marker; '",
  '\n Set-Marker \n',
  '$([scriptblock]::Create("Set-Marker").Invoke())',
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

/** Texts over the same alphabet, and some of any. */
const hostileText = fc.oneof(
  fc
    .array(fc.constantFrom(...HOSTILE_TEXTS.filter((text) => text.length < 100)), { maxLength: 4 })
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

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
  'Get-Marker': [],
  'Write-Message': ['Count', 'Length'],
  'Get-Large': ['Megabytes'],
  'Get-Odd': [],
  'Wait-WithCleanup': ['File'],
  'Read-Person': [],
  'Get-Late': ['Date'],
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

    for (const text of HOSTILE_TEXTS) {
      test(`the text ${JSON.stringify(text.slice(0, 40))} (${text.length}) comes back equal to the letter`, async () => {
        const [row] = await rows('Get-Echo', { Text: text, List: [text] }, ['Text', 'List']);
        assert.ok(row?.['Text'] === text);
        assert.deepEqual(row['List'], [text]);
      });
    }

    test('a hundred thousand values come back equal to the letter', async () => {
      const seed = Number(process.env['VALUES_SEED'] ?? Date.now() % 1_000_000);
      const values = fc.sample(hostileText, { seed, numRuns: 100_000 });
      for (let start = 0; start < values.length; start += 2_500) {
        const list = values.slice(start, start + 2_500);
        const [row] = await rows('Get-Echo', { Text: '', List: list }, ['List']);
        assert.deepEqual(row?.['List'], list, `VALUES_SEED=${seed}, from ${start}`);
      }
    });

    test('no text has run', async () => {
      assert.deepEqual(await rows('Get-Marker', {}, ['Set']), [{ Set: false }]);
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
      const { pfx, password } = await createCertificate('worker test', HOUR_MS);
      const certificate = { $type: 'certificate', pfx: pfx.toString('base64'), password } as const;
      assert.deepEqual(await rows('Get-Kind', { Secret: certificate }, ['SecretType', 'Subject']), [
        { SecretType: 'X509Certificate2', Subject: 'CN=worker test' },
      ]);
    });

    test('a certificate with a wrong password is refused without a word of it', async () => {
      const { pfx } = await createCertificate('test', HOUR_MS);
      const certificate = {
        $type: 'certificate',
        pfx: pfx.toString('base64'),
        password: 'wrong-canary',
      } as const;
      const outcome = await run('Get-Kind', { Secret: certificate });
      assert.equal(outcome.kind, 'failed');
      assert.doesNotMatch(JSON.stringify(outcome), /wrong-canary/);
    });

    test('values of every kind have one form', async () => {
      const [row] = await rows('Get-Odd', {}, [
        ...['Size', 'Flags', 'Local', 'Zoned', 'Unspecified', 'Exact', 'Span', 'Version', 'Letter'],
        ...['Half', 'Infinite', 'Exactly', 'Empty', 'Nested', 'Table'],
      ]);
      const when = '2026-03-01T08:00:00Z';
      assert.deepEqual(row, {
        Size: { text: '1.2 GB (1,288,490,188 bytes)', bytes: 1_288_490_188 },
        Flags: 'ReadOnly, Hidden',
        Local: when,
        Zoned: when,
        Unspecified: when,
        Exact: '2019-07-29T12:26:40.0000001Z',
        Span: '01:30:00',
        Version: '3.9.2',
        Letter: 'x',
        Half: 0.5,
        Infinite: null,
        Exactly: 0.1,
        Empty: [],
        Nested: [[], [[1, 'System.Object[]']]],
        Table: 'System.Collections.Hashtable',
      });
    });

    test('a property that cannot be read fails the command, not the session', async () => {
      const outcome = await run('Get-Odd', {}, ['Broken']);
      assert.equal(outcome.kind, 'failed');
      assert.equal((await rows('Get-Echo', { Text: 'on' }, ['Text'])).length, 1);
    });

    test('an object longer than a frame is refused, with what came before it, and the session stays usable', async () => {
      const outcome = await run('Get-Large', { Megabytes: 9 }, ['Name', 'Text']);
      assert.equal(outcome.kind, 'failed');
      assert.equal(outcome.error.fullyQualifiedErrorId, 'AnswerTooLong');
      assert.equal((await rows('Get-Large', { Megabytes: 7 }, ['Name', 'Text'])).length, 2);
    });

    test('of many and long messages some are left out, and it says so', async () => {
      const outcome = await run('Write-Message', { Count: 150, Length: 100_000 });
      assert.equal(outcome.kind, 'failed');
      assert.equal(outcome.warnings.length, 101);
      assert.equal(outcome.warnings.at(-1), '50 more warnings were left out');
      assert.ok(outcome.error.message.length < 17_000);
    });

    for (const date of [false, true]) {
      test(`the time that a server asks for is told, given as a ${date ? 'date' : 'number'}`, async () => {
        const outcome = await run('Get-Late', date ? { Date: true } : {});
        assert.equal(outcome.kind, 'failed');
        assert.equal(outcome.error.httpStatus, 429);
        const seconds = outcome.error.retryAfterSeconds ?? 0;
        assert.ok(seconds > 60 && seconds <= 90, `${seconds} s`);
      });
    }

    test('a command that asks a person fails at once', async () => {
      const outcome = await run('Read-Person');
      assert.equal(outcome.kind, 'failed');
    });

    test('a command that is cancelled cleans up before the session ends', async () => {
      const own = await open();
      const file = join(base, 'cleanup');
      const abort = new AbortController();
      const running = own.run(
        { command: 'Wait-WithCleanup', parameters: { File: file }, properties: [] },
        { timeoutMs: 60_000, signal: abort.signal },
      );
      await eventually('it has begun', () => existsSync(file), 30_000);
      abort.abort();
      await assert.rejects(running, { code: 'powershell.cancelled' });
      await own.ended;
      assert.equal(readFileSync(file, 'utf8'), 'cleaned up');
      rmSync(file);
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
