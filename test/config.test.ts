import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { type Config, loadConfig, loadOperatorToken, loadServiceUrl } from '../src/config.ts';
import { ServiceError } from '../src/errors.ts';
import { OPERATIONS } from '../src/offboarding/operations/list.ts';

const EXAMPLE = readFileSync('deploy/exo-bridge.example.yaml', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'config-'));
after(() => rmSync(folder, { recursive: true }));

const GUARDED = { mode: 0o600 };

function secrets(): Record<string, string> {
  return {
    EXO_BRIDGE_WEBHOOK_TOKEN: 'webhook-token-canary',
    EXO_BRIDGE_POLL_TOKEN: 'poll-token-canary',
    EXO_BRIDGE_OPERATOR_TOKEN: 'operator-token-canary',
    EXO_BRIDGE_TRELICA_CLIENT_SECRET: 'client-secret-canary',
    EXO_BRIDGE_CERTIFICATE: 'UEZY',
    EXO_BRIDGE_CERTIFICATE_PASSWORD: 'password-canary',
  };
}

function load(yaml: string, environment: Record<string, string | undefined> = secrets()): Config {
  const file = join(folder, 'exo-bridge.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, environment });
}

function faults(yaml: string, environment?: Record<string, string | undefined>): string {
  try {
    load(yaml, environment);
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    return error.message;
  }
  return assert.fail('the configuration was accepted');
}

test('the example file is a valid configuration', () => {
  const config = load(EXAMPLE);
  assert.equal(config.trelica.baseUrl.origin, 'https://eu.trelica.com');
  assert.deepEqual(config.powershell.command, ['pwsh']);
  assert.equal(config.workflows[0]?.step, 'Exchange Online');
  assert.equal(config.dataDirectory, join(folder, 'data'));
});

test('so is the example with all that it offers switched on', () => {
  const config = load(EXAMPLE.replaceAll(/^( *)#(?! )/gm, '$1'), {
    ...secrets(),
    EXO_BRIDGE_NOTICE_URL: 'https://hooks.contoso.example/canary',
    EXO_BRIDGE_SMTP_PASSWORD: 'smtp-canary',
  });
  assert.equal(config.metrics.listen?.port, 9464);
  assert.deepEqual(Object.keys(config.powershell.environment), ['HTTPS_PROXY']);
  assert.equal(config.notices.mail?.host, 'smtp.contoso.example');
  assert.deepEqual(config.brakes.neverTouch, ['ceo@contoso.example', 'it@contoso.example']);
  assert.equal(config.workflows[0]?.failureAction, 'Exchange failed');
});

test('all faults are reported at once, each with its place and what is allowed', () => {
  const message = faults(
    EXAMPLE.replace('signIn: certificate', 'signIn: password')
      .replace('port: 8080', 'port: "8080"')
      .replace('leave-groups: {}', 'leave-everything: {}')
      .replace('dataDirectory: data', 'dataDirectory: data\ncolour: blue'),
    {},
  );
  for (const part of [
    'exchange.signIn: ',
    '"certificate"|"thumbprint"|"managed-identity"',
    'listen.port: ',
    'workflows[0].operations: unknown setting "leave-everything"',
    '(top level): unknown setting "colour"',
    'EXO_BRIDGE_WEBHOOK_TOKEN or EXO_BRIDGE_WEBHOOK_TOKEN_FILE',
    'EXO_BRIDGE_TRELICA_CLIENT_SECRET',
    'EXO_BRIDGE_CERTIFICATE_PASSWORD',
  ]) {
    assert.ok(message.includes(part), `${part} is missing in:\n${message}`);
  }
});

test('an unknown operation names the operations there are', () => {
  const message = faults(EXAMPLE.replace('leave-groups: {}', 'leave-everything: {}'));
  const names = OPERATIONS.map(({ name }) => name).join(', ');
  assert.ok(message.includes(`known: ${names}`), message);
});

test('every fault of a setting is told with file, line and column', () => {
  const lines = EXAMPLE.replace('port: 8080', 'port: "8080"')
    .replace('leave-groups: {}', 'leave-group: {}')
    .replace('  clientId: 0123456789abcdef\n', '')
    .split('\n');
  const file = join(folder, 'exo-bridge.yaml');
  const at = (text: string, column: number) =>
    `${file}:${lines.findIndex((line) => line.includes(text)) + 1}:${column}: `;
  const message = faults(lines.join('\n'));
  for (const part of [
    `${at('port:', 9)}listen.port: Invalid input: expected number, received string`,
    `${at('leave-group:', 7)}workflows[0].operations: unknown setting "leave-group"; did you mean leave-groups? known: `,
    `${at('trelica:', 1)}trelica.clientId: is missing: expected string`,
  ]) {
    assert.ok(message.includes(part), `${part} is missing in:\n${message}`);
  }
});

test('broken YAML is reported with line and column', () => {
  assert.match(faults('listen: [1, 2'), /exo-bridge\.yaml:1:\d+: /);
  assert.match(faults('listen: {}\nlisten: {}'), /exo-bridge\.yaml:2:1: /);
  assert.match(faults('- a list'), /a map of settings was expected/);
});

test('a file that is not there is an error of its own', () => {
  assert.throws(() => loadConfig({ file: join(folder, 'nowhere.yaml'), environment: {} }), {
    code: 'config.unreadable',
  });
});

test('plain HTTP is allowed only to loopback and only by the setting that says so', () => {
  const http = (url: string, allowed: boolean) =>
    EXAMPLE.replace(
      'baseUrl: https://eu.trelica.com',
      `baseUrl: ${url}\n  dangerouslyAllowHttpToLoopback: ${allowed}`,
    );
  assert.match(faults(http('http://127.0.0.1:9', false)), /trelica\.baseUrl: must be https/);
  assert.match(faults(http('http://eu.trelica.com', true)), /trelica\.baseUrl: must be https/);
  assert.match(faults(http('http://127.0.0.1.example.org', true)), /must be https/);
  assert.equal(load(http('http://127.0.0.1:9', true)).trelica.baseUrl.port, '9');
});

test('secrets are taken out of the environment', () => {
  const environment = secrets();
  const config = load(EXAMPLE, environment);
  assert.deepEqual(environment, {});
  assert.deepEqual(config.secrets.webhookTokens, ['webhook-token-canary']);
});

test('a secret may come from a file, a certificate as its bytes', () => {
  const tokenFile = join(folder, 'token');
  const pfxFile = join(folder, 'app.pfx');
  writeFileSync(tokenFile, 'a-token-from-a-file\n', GUARDED);
  writeFileSync(pfxFile, Buffer.from([1, 2, 3]), GUARDED);
  const { EXO_BRIDGE_WEBHOOK_TOKEN: _token, EXO_BRIDGE_CERTIFICATE: _pfx, ...others } = secrets();
  const config = load(EXAMPLE, {
    ...others,
    EXO_BRIDGE_WEBHOOK_TOKEN_FILE: tokenFile,
    EXO_BRIDGE_CERTIFICATE_FILE: pfxFile,
  });
  assert.deepEqual(config.secrets.webhookTokens, ['a-token-from-a-file']);
  assert.equal(config.secrets.certificate?.pfx, Buffer.from([1, 2, 3]).toString('base64'));
});

test('secrets come from the folder the configuration names, and the environment goes before it', () => {
  const secretsFolder = join(folder, 'secrets');
  mkdirSync(secretsFolder);
  const inFolder = Object.entries({ ...secrets(), EXO_BRIDGE_POLL_TOKEN: 'poll-token-of-folder' });
  for (const [name, value] of inFolder) {
    const file =
      name === 'EXO_BRIDGE_CERTIFICATE'
        ? 'certificate.pfx'
        : name.slice(11).toLowerCase().replaceAll('_', '-');
    writeFileSync(join(secretsFolder, file), value, GUARDED);
  }
  const yaml = EXAMPLE.replace(
    'dataDirectory: data',
    'dataDirectory: data\nsecretsDirectory: secrets',
  );
  const config = load(yaml, { EXO_BRIDGE_WEBHOOK_TOKEN: 'webhook-token-of-environment' });
  assert.deepEqual(config.secrets.webhookTokens, ['webhook-token-of-environment']);
  assert.deepEqual(config.secrets.pollTokens, ['poll-token-of-folder']);
  assert.equal(config.secrets.certificate?.pfx, Buffer.from('UEZY').toString('base64'));
  const named = load(EXAMPLE, { EXO_BRIDGE_SECRETS: secretsFolder });
  assert.deepEqual(named.secrets.operatorTokens, ['operator-token-canary']);
  const file = join(folder, 'exo-bridge.yaml');
  writeFileSync(file, yaml);
  assert.equal(loadOperatorToken({ file, environment: {} }), 'operator-token-canary');
  rmSync(join(secretsFolder, 'poll-token'));
  assert.match(faults(yaml, {}), /secrets.poll-token must be there, or EXO_BRIDGE_POLL_TOKEN or/);
});

test('a secret that others can read is refused with the cure', {
  skip: process.platform === 'win32' ? 'Windows has no such bits' : false,
}, () => {
  const { EXO_BRIDGE_WEBHOOK_TOKEN: token = '', ...others } = secrets();
  const file = join(folder, 'open-token');
  writeFileSync(file, token, GUARDED);
  for (const mode of [0o604, 0o640, 0o620]) {
    chmodSync(file, mode);
    assert.match(
      faults(EXAMPLE, { ...others, EXO_BRIDGE_WEBHOOK_TOKEN_FILE: file }),
      new RegExp(`EXO_BRIDGE_WEBHOOK_TOKEN: .*mode ${mode.toString(8)}.*: chmod 600 ${file}`),
    );
  }
  chmodSync(file, 0o400);
  assert.ok(load(EXAMPLE, { ...others, EXO_BRIDGE_WEBHOOK_TOKEN_FILE: file }));
});

test('a secret that belongs to somebody else may be readable by our group', {
  skip: process.getuid?.() === 0 ? false : 'only root can give a file away',
}, () => {
  const { EXO_BRIDGE_WEBHOOK_TOKEN: token = '', ...others } = secrets();
  const file = join(folder, 'foreign-token');
  writeFileSync(file, token);
  chownSync(file, 12_345, 12_345);
  chmodSync(file, 0o440);
  const environment = () => ({ ...others, EXO_BRIDGE_WEBHOOK_TOKEN_FILE: file });
  assert.ok(load(EXAMPLE, environment()));
  for (const mode of [0o444, 0o460]) {
    chmodSync(file, mode);
    assert.match(faults(EXAMPLE, environment()), /can be read or changed by others/);
  }
});

test('a certificate is read again from its files as they are', () => {
  const pfxFile = join(folder, 'renewed.pfx');
  const passwordFile = join(folder, 'renewed.password');
  writeFileSync(pfxFile, Buffer.from([1]), GUARDED);
  writeFileSync(passwordFile, 'first\n', GUARDED);
  const {
    EXO_BRIDGE_CERTIFICATE: _pfx,
    EXO_BRIDGE_CERTIFICATE_PASSWORD: _password,
    ...others
  } = secrets();
  const { certificate } = load(EXAMPLE, {
    ...others,
    EXO_BRIDGE_CERTIFICATE_FILE: pfxFile,
    EXO_BRIDGE_CERTIFICATE_PASSWORD_FILE: passwordFile,
  }).secrets;
  writeFileSync(pfxFile, Buffer.from([2]));
  writeFileSync(passwordFile, 'second\n');
  assert.deepEqual([certificate?.pfx, certificate?.password], ['AQ==', 'first']);
  assert.deepEqual(certificate?.readAgain(), { pfx: 'Ag==', password: 'second' });
});

test('notices need their secrets, and show none in the clear', () => {
  const [yaml = ''] = /(?<=```yaml\n)[^`]+/.exec(readFileSync('docs/operating.md', 'utf8')) ?? [];
  const settings = `${EXAMPLE}\n${yaml}`;
  assert.match(faults(settings), /EXO_BRIDGE_NOTICE_URL .*must be set.*\nEXO_BRIDGE_SMTP_PASSWORD/);
  const url = 'https://example.org/url-canary';
  const given = () => ({
    ...secrets(),
    EXO_BRIDGE_NOTICE_URL: url,
    EXO_BRIDGE_SMTP_PASSWORD: 'smtp-canary',
  });
  const config = load(settings, given());
  assert.equal(config.secrets.noticeUrl, url);
  assert.equal(config.notices.mail?.security, 'starttls');
  const open = { ...given(), EXO_BRIDGE_NOTICE_URL: url.replace('https', 'http') };
  assert.equal(faults(settings, open), 'EXO_BRIDGE_NOTICE_URL: must be an https address');
  const inTheClear = settings.replace('    user:', '    security: none\n    user:');
  assert.match(faults(inTheClear, given()), /notices\.mail\.security: with a user/);
});

test('an access token is read from its file each time it is asked for', () => {
  const tokenFile = join(folder, 'access-token');
  writeFileSync(tokenFile, 'first\n', GUARDED);
  const {
    EXO_BRIDGE_CERTIFICATE: _pfx,
    EXO_BRIDGE_CERTIFICATE_PASSWORD: _password,
    ...others
  } = secrets();
  const config = load(EXAMPLE.replace('signIn: certificate', 'signIn: access-token'), {
    ...others,
    EXO_BRIDGE_ACCESS_TOKEN_FILE: tokenFile,
  });
  assert.equal(config.secrets.accessToken?.(), 'first');
  writeFileSync(tokenFile, 'second\n');
  assert.equal(config.secrets.accessToken?.(), 'second');
});

test('a thumbprint is refused where there is no certificate store', {
  skip: process.platform === 'win32' ? 'there is one' : false,
}, () => {
  const signIn = `signIn: thumbprint\n  certificateThumbprint: ${'A'.repeat(40)}`;
  assert.match(
    faults(EXAMPLE.replace('signIn: certificate', signIn)),
    /exchange\.signIn: thumbprint works on Windows only/,
  );
});

test('more sessions to keep than there may be are a fault', () => {
  const sessions = EXAMPLE.replace(
    /powershell:\n/,
    'powershell:\n  sessions: { minimum: 3, maximum: 2 }\n',
  );
  assert.match(faults(sessions), /powershell\.sessions\.maximum: must not be less than minimum/);
});

test('the token before the current one stays valid while it is replaced', () => {
  const config = load(EXAMPLE, {
    ...secrets(),
    EXO_BRIDGE_POLL_TOKEN_PREVIOUS: 'poll-token-of-yesterday',
  });
  assert.deepEqual(config.secrets.pollTokens, ['poll-token-canary', 'poll-token-of-yesterday']);
});

const BAD_SECRETS: readonly [string, Record<string, string>, RegExp][] = [
  ['too short', { EXO_BRIDGE_POLL_TOKEN: 'short' }, /EXO_BRIDGE_POLL_TOKEN: at least 16/],
  ['with a line break', { EXO_BRIDGE_POLL_TOKEN: 'long-enough\nbut-broken' }, /printable ASCII/],
  [
    'used for two purposes',
    { EXO_BRIDGE_POLL_TOKEN: 'webhook-token-canary' },
    /must differ from one another/,
  ],
  ['given twice', { EXO_BRIDGE_POLL_TOKEN_FILE: '/dev/null' }, /both set/],
  ['empty', { EXO_BRIDGE_POLL_TOKEN: '' }, /EXO_BRIDGE_POLL_TOKEN or/],
  ['in a missing file', { EXO_BRIDGE_CERTIFICATE_FILE: '/nowhere.pfx' }, /ENOENT/],
];
for (const [name, changed, expected] of BAD_SECRETS) {
  test(`a secret ${name} is refused`, () => {
    assert.match(faults(EXAMPLE, { ...secrets(), ...changed }), expected);
  });
}

test('no fault shows a secret', () => {
  try {
    load(EXAMPLE.replace('port: 8080', 'port: x'), { ...secrets(), EXO_BRIDGE_POLL_TOKEN: 'tiny' });
    assert.fail('the configuration was accepted');
  } catch (error) {
    assert.doesNotMatch(inspect(error, { depth: 20 }), /canary|tiny/);
  }
});

test('an unknown finding or meaning is told with what there is', () => {
  const withFinding = (line: string) =>
    faults(EXAMPLE.replace('    operations:', `    findings:\n      ${line}\n    operations:`));
  const unknown = withFinding('mailbox-lost: warn');
  assert.match(
    unknown,
    /workflows\[0\]\.findings: unknown setting "mailbox-lost"; known: mailbox-missing, /,
  );
  assert.match(
    withFinding('manager-none: shout'),
    /findings\["?manager-none"?\].*"stop"\|"warn"\|"ignore"/,
  );
});

test('an address of a delegate that is none is told with its place', () => {
  const message = faults(EXAMPLE.replace('autoMapping: true', 'to: [manager, "Max Müster"]'));
  assert.match(message, /delegate-access.*to\[1\].*one plain e-mail address/);
});

const REACHED: readonly [string, string][] = [
  ['listen: { port: 9000 }', 'http://127.0.0.1:9000'],
  ['listen: { host: 0.0.0.0 }', 'http://127.0.0.1:8080'],
  ["listen: { host: '::1', port: 81 }", 'http://[::1]:81'],
  ['listen: { port: none }', 'http://127.0.0.1:8080'],
  ['{}', 'http://127.0.0.1:8080'],
];
for (const [yaml, url] of REACHED) {
  test(`with ${yaml} a command asks the service at ${url}`, () => {
    const file = join(folder, 'reached.yaml');
    writeFileSync(file, yaml);
    assert.equal(loadServiceUrl(file), url);
  });
}

test('without a configuration a command asks where the service listens by default', () => {
  assert.equal(loadServiceUrl(join(folder, 'nowhere.yaml')), 'http://127.0.0.1:8080');
});
