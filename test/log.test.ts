import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ServiceError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { PERSONAL_DATA, type PersonalData, withAddresses } from '../src/personal-data.ts';

/** What one act of logging writes. */
function written(level: PersonalData, act: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  act(createLog({ level: 'debug', personalData: level }, { write }));
  return text;
}

const REFUSAL = new ServiceError('offboarding.not-verified', 'not read back as done: Lee Astrom', {
  cause: new ServiceError('exchange.unclassified', 'Lee Astrom <lee@example.org> is not there', {
    facts: { cmdlet: 'Set-Mailbox' },
  }),
});

describe('personal data', () => {
  test('shows addresses as far as the level allows, in any text', () => {
    const text =
      "for łukasz.o'neil+x@mail.example.org, CN=Lee\\, Astrom,OU=x and /y?email=lee%40example.org";
    assert.equal(withAddresses(text, 'full'), text);
    assert.equal(
      withAddresses(text, 'masked'),
      'for ł…@mail.example.org, CN=…,OU=x and /y?email=l…%40example.org',
    );
    assert.equal(withAddresses(text, 'none'), 'for [address], CN=…,OU=x and /y?email=[address]');
  });

  for (const level of PERSONAL_DATA) {
    test(`in a log at ${level} is in each field, and the lines stay JSON`, () => {
      const text = written(level, (log) => {
        const child = log.child({ jobId: 'j', manager: 'max@example.org' });
        child.info({ person: 'lee@example.org', deep: { list: ['"lee@example.org"'] } }, 'x');
        child.warn({ err: REFUSAL }, 'attempt failed');
        child.debug({ console: 'Lee Astrom', message: 'Lee Astrom' }, 'last lines');
      });
      const lines = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(lines.length, 3);
      assert.equal(lines[1].err.code, 'offboarding.not-verified');
      const isFull = level === 'full';
      assert.equal(text.includes('lee@example.org'), isFull);
      assert.equal(text.includes('Astrom'), isFull);
      assert.equal(text.includes('l…@example.org'), level === 'masked');
      assert.match(lines[1].err.stack, /log\.test\.ts/);
    });
  }

  test('does not hide what no person is in', () => {
    const fault = new ServiceError('exchange.sign-in-refused', 'AADSTS700027: not registered');
    assert.match(
      written('none', (log) => log.error({ err: fault }, 'no session')),
      /AADSTS700027/,
    );
  });
});

test('a secret in a field that names it is not written', () => {
  const text = written('full', (log) => log.info({ token: 'canary', a: { password: 'canary' } }));
  assert.doesNotMatch(text, /canary/);
});
