import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { type Call, call } from '../../src/cmdlets/call.ts';
import { type Identity, parseIdentity } from '../../src/cmdlets/identity.ts';
import { createExchange } from '../../src/exchange/exchange.ts';
import type { Exchange } from '../../src/offboarding/ports.ts';
import type { CommandRequest, Row } from '../../src/powershell/frames.ts';
import type { CommandOutcome } from '../../src/powershell/sessions.ts';
import { address, guid } from '../offboarding/small-tenant.ts';

interface Scene {
  readonly exchange: Exchange;
  readonly sent: CommandRequest[];
}

function scene(answer: (request: CommandRequest) => Partial<CommandOutcome>): Scene {
  const sent: CommandRequest[] = [];
  const run = async (request: CommandRequest) => {
    sent.push(request);
    return { kind: 'completed', rows: [], warnings: [], ...answer(request) } as CommandOutcome;
  };
  const limits = { readTimeoutMs: 1, writeTimeoutMs: 2 };
  const parts = { log: pino({ level: 'silent' }), signal: new AbortController().signal };
  return { exchange: createExchange({ run }, limits, parts), sent };
}

function recipient(id: Identity, primary: string, others: readonly string[] = []): Row {
  return {
    Guid: id,
    DistinguishedName: `CN=${id}`,
    DisplayName: 'Somebody',
    PrimarySmtpAddress: primary,
    EmailAddresses: [`SMTP:${primary}`, ...others.map((one) => `smtp:${one}`), 'SIP:x@y.example'],
    RecipientTypeDetails: 'UserMailbox',
  };
}

const rows = (...found: Row[]) => scene(() => ({ kind: 'completed', rows: found }));
const SHARE = call('Set-Mailbox', { Identity: guid(1), Type: 'Shared', Confirm: false });

test('all addresses are resolved in one call, quotes doubled', async () => {
  const { exchange, sent } = rows(recipient(guid(1), "o'neil@example.org"));
  const found = await exchange.resolve([address("o'neil@example.org"), address('max@example.org')]);
  assert.equal(
    sent[0]?.parameters['Filter'],
    "EmailAddresses -eq 'o''neil@example.org' -or EmailAddresses -eq 'max@example.org'",
  );
  assert.equal(sent.length, 1);
  assert.equal(found.get(address("o'neil@example.org"))?.kind, 'found');
  assert.equal(found.get(address('max@example.org'))?.kind, 'missing');
});

test('a secondary address finds its owner', async () => {
  const { exchange } = rows(recipient(guid(1), 'new@example.org', ['Old@Example.org']));
  const found = await exchange.resolve([address('old@example.org')]);
  assert.equal(found.get(address('old@example.org'))?.kind, 'found');
});

test('a recipient that does not have the address is not taken for its owner', async () => {
  const { exchange } = rows(recipient(guid(1), 'somebody@example.org'));
  const found = await exchange.resolve([address('lee@example.org')]);
  assert.deepEqual(found.get(address('lee@example.org')), { kind: 'missing' });
});

test('an address that two recipients have is ambiguous; the same one twice is not', async () => {
  const lee = address('lee@example.org');
  const two = rows(recipient(guid(1), lee), recipient(guid(2), 'x@example.org', [lee]));
  assert.deepEqual((await two.exchange.resolve([lee])).get(lee), { kind: 'ambiguous', count: 2 });
  const twice = rows(recipient(guid(1), lee), recipient(guid(1), lee));
  assert.equal((await twice.exchange.resolve([lee])).get(lee)?.kind, 'found');
});

test('a recipient of unknown form is an error, not a guess', async () => {
  const { exchange } = rows({ Guid: 'x' });
  await assert.rejects(exchange.resolve([address('lee@example.org')]), {
    code: 'exchange.answer-invalid',
  });
});

test('every call stops at its first error', async () => {
  const { exchange, sent } = rows();
  await exchange.apply(SHARE);
  assert.equal(sent[0]?.parameters['ErrorAction'], 'Stop');
  assert.equal(exchange.calls, 1);
});

test('a write that would ask for confirmation is refused before any session sees it', async () => {
  const { exchange, sent } = rows();
  const asking = call('Set-Mailbox', { Identity: guid(1), Type: 'Shared', Confirm: true });
  await assert.rejects(exchange.apply(asking), { code: 'powershell.command-refused' });
  await assert.rejects(exchange.read(SHARE), { code: 'powershell.command-refused' });
  await assert.rejects(exchange.apply(call('Get-Mailbox', { Identity: guid(1) })), {
    code: 'powershell.command-refused',
  });
  assert.equal(sent.length, 0);
});

const BAD_IDENTITIES: readonly unknown[] = [
  undefined,
  null,
  '',
  ' ',
  '*',
  'Lee',
  'a@b.c,d@e.f',
  {},
];
for (const bad of BAD_IDENTITIES) {
  test(`the identity ${JSON.stringify(bad)} never reaches a session`, async () => {
    const { exchange, sent } = rows();
    const forged = { ...SHARE, parameters: { ...SHARE.parameters, Identity: bad } } as Call;
    await assert.rejects(exchange.apply(forged), { code: 'exchange.identity-refused' });
    assert.throws(() => parseIdentity(bad), { code: 'exchange.identity-refused' });
    assert.equal(sent.length, 0);
  });
}

test('a warning that it was so before is told as such', async () => {
  const { exchange } = scene(() => ({
    kind: 'completed',
    warnings: ['The appropriate access control entry is already present on the object "x".'],
  }));
  assert.equal((await exchange.apply(SHARE)).kind, 'already');
});

test('an error of a read is thrown, never taken for nothing found', async () => {
  const { exchange } = scene(() => ({
    kind: 'failed',
    error: {
      message: 'Too Many Requests',
      exceptionType: 'System.Exception',
      innerTypes: [],
      fullyQualifiedErrorId: '',
      category: '',
      reason: '',
      activity: 'Get-Mailbox',
      targetName: '',
    },
  }));
  await assert.rejects(exchange.read(call('Get-Mailbox', { Identity: guid(1) })), {
    code: 'exchange.throttled',
  });
});
