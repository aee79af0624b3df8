import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { createCertificate } from '../../src/certificate/create-certificate.ts';
import { ClockWatch } from '../../src/cli/check/clock.ts';
import { checkConfigFile, checkDataFolder } from '../../src/cli/check/files.ts';
import type { Finding } from '../../src/cli/check/finding.ts';
import { exitOf, runChecks } from '../../src/cli/check/run-checks.ts';
import { checkTrelica } from '../../src/cli/check/trelica.ts';
import { checkWebhook } from '../../src/cli/check/webhook.ts';
import { loadConfig } from '../../src/config.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { freePort } from '../e2e/program.ts';
import { eventually } from '../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'check-'));
let rehearsal: Rehearsal;
let installation: Installation;
let yaml: string;

before(async () => {
  rehearsal = await startRehearsal({
    people: 20,
    groups: 5,
    latency: 0,
    seed: 1,
    engine: STAND_IN,
  });
  installation = installFor(rehearsal, folder, 0);
  yaml = readFileSync(installation.configFile, 'utf8');
});
after(async () => {
  await rehearsal.close();
  rmSync(folder, { recursive: true });
});

interface Changed {
  readonly settings?: (yaml: string) => string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly offline?: boolean;
  readonly publicUrl?: string;
}

async function check({ settings = (text) => text, secrets, offline = false, publicUrl }: Changed) {
  const file = join(folder, 'checked.yaml');
  writeFileSync(file, settings(yaml), { mode: 0o600 });
  const { PATH, HOME } = process.env;
  return all(
    runChecks({
      file,
      environment: { PATH, HOME, ...installation.secrets, ...secrets },
      offline,
      publicUrl,
      log: pino({ level: 'silent' }),
      waitingFor: () => undefined,
      interrupted: new AbortController().signal,
    }),
  );
}

async function all(checks: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checks) {
    findings.push(finding);
  }
  return findings;
}

/** The one fault, which must be told in one line with a cure in another. */
function onlyFault(findings: readonly Finding[]): Finding & { readonly cure: string } {
  const [fault, ...others] = findings.filter(({ state }) => state === 'bad');
  assert.ok(fault !== undefined && others.length === 0, JSON.stringify(findings, undefined, 1));
  const { cure } = fault;
  assert.ok(cure !== undefined && !/\n/.test(`${fault.detail}${cure}`), JSON.stringify(fault));
  assert.equal(exitOf(findings), 1);
  return { ...fault, cure };
}

test('nothing is wrong with a rehearsal, and every link is looked at', async () => {
  const findings = await check({});
  assert.deepEqual(
    findings.filter(({ state }) => state === 'bad'),
    [],
  );
  assert.equal(exitOf(findings), 0);
  assert.deepEqual(
    findings.map(({ what }) => what),
    [
      'Node',
      'Configuration',
      'Configuration file',
      'Data folder',
      'Disk',
      'PowerShell',
      'Certificate',
      'PowerShell session',
      'Module',
      'Sign-in to Exchange',
      'Roles',
      'Roles beyond need',
      'Reading',
      'Sign-in to Trelica',
      'Scopes',
      'Workflow Person leaves',
      'Step Exchange Online',
      'Actions of Exchange Online',
      'Clock',
    ],
  );
});

test('the scope for people is asked for where people may be looked up, and else is too much', async () => {
  const asked = (yaml: string) => yaml.replace('trelica:', 'trelica:\n  peopleApi: true');
  for (const [settings, state] of [
    [asked, 'good'],
    [(yaml: string) => yaml, 'warning'],
  ] as const) {
    const scopes = (await check({ settings })).find(({ what }) => what === 'Scopes');
    assert.equal(scopes?.state, state, scopes?.detail);
    assert.match(scopes?.detail ?? '', /People\.Read/);
  }
});

test('a wrong certificate password is named, and nothing is tried with it', async () => {
  const findings = await check({ secrets: { EXO_BRIDGE_CERTIFICATE_PASSWORD: 'not-this-one' } });
  const { what, detail, cure } = onlyFault(findings);
  assert.equal(what, 'Certificate');
  assert.match(detail, /password/);
  assert.match(cure, /EXO_BRIDGE_CERTIFICATE_PASSWORD/);
  assert.match(JSON.stringify(findings), /"skipped","what":"Sign-in to Exchange"/);
  assert.doesNotMatch(JSON.stringify(findings), /not-this-one/);
});

test('an expired certificate is named with its date', async () => {
  const { pfx, password } = await createCertificate('old', -60_000);
  const secrets = {
    EXO_BRIDGE_CERTIFICATE: pfx.toString('base64'),
    EXO_BRIDGE_CERTIFICATE_PASSWORD: password,
  };
  const { detail, cure } = onlyFault(await check({ secrets, offline: true }));
  assert.match(detail, /certificate expired on \d{4}-\d\d-\d\d/);
  assert.match(cure, /exo-bridge cert create/);
});

test('a certificate that is not the configured one is named with both thumbprints', async () => {
  const settings = (text: string) =>
    text.replace('exchange:\n', `exchange:\n  certificateThumbprint: ${'ab'.repeat(20)}\n`);
  const { detail } = onlyFault(await check({ settings, offline: true }));
  assert.match(
    detail,
    new RegExp(`is ${rehearsal.certificate.thumbprint}, not .*${'AB'.repeat(20)}`),
  );
});

test('a certificate that the app does not know is told with what to upload', async () => {
  const { pfx, password } = await createCertificate('other', 60 * 24 * 60 * 60_000);
  const secrets = {
    EXO_BRIDGE_CERTIFICATE: pfx.toString('base64'),
    EXO_BRIDGE_CERTIFICATE_PASSWORD: password,
  };
  const { what, detail, cure } = onlyFault(await check({ secrets }));
  assert.equal(what, 'Sign-in to Exchange');
  assert.match(detail, /AADSTS700027/);
  assert.match(cure, /upload the public part/);
});

test('a missing role is named by what the connection lacks', async () => {
  rehearsal.tenant.withhold([
    'Add-DistributionGroupMember',
    'Remove-DistributionGroupMember -BypassSecurityGroupManagerCheck',
    'Set-Mailbox -LitigationHoldEnabled',
    'Set-Mailbox -LitigationHoldDuration',
    'Set-CASMailbox -PopEnabled',
  ]);
  const findings = await check({});
  rehearsal.tenant.withhold([]);
  const faults = findings.filter(({ state }) => state === 'bad');
  assert.deepEqual(
    faults.map(({ what }) => what),
    ['Role Distribution Groups', 'Role Security Group Creation and Membership'],
  );
  assert.match(faults[0]?.detail ?? '', /Add-DistributionGroupMember.*leave-groups/);
  assert.match(faults[0]?.cure ?? '', /exo-bridge permissions/);
  const others = findings.filter(({ what }) => ['Roles beyond need', 'Parameters'].includes(what));
  assert.deepEqual(
    others.map(({ detail }) => detail),
    ['the connection lacks Set-CASMailbox -PopEnabled'],
  );
});

test('a role that every connection needs is named even though nobody can connect without', async () => {
  rehearsal.tenant.withhold(['Get-AcceptedDomain']);
  const findings = await check({});
  rehearsal.tenant.withhold([]);
  const { detail, cure } = onlyFault(findings);
  assert.match(`${detail} ${cure}`, /Get-AcceptedDomain.*exo-bridge permissions/);
});

test('a wrong client secret is named', async () => {
  const findings = await check({ secrets: { EXO_BRIDGE_TRELICA_CLIENT_SECRET: 'a-wrong-secret' } });
  const { what, detail, cure } = onlyFault(findings);
  assert.equal(what, 'Sign-in to Trelica');
  assert.match(detail, /refuses the client id, the client secret/);
  assert.match(cure, /trelica\.clientId or the secret trelica-client-secret/);
});

test('a Trelica that cannot be reached is named', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const settings = (text: string) => text.replace(/baseUrl: .*/, `baseUrl: ${nobody}`);
  const { what, detail, cure } = onlyFault(await check({ settings }));
  assert.equal(what, 'Sign-in to Trelica');
  assert.ok(detail.startsWith(`${nobody}: Trelica was not reached`), detail);
  assert.match(detail, /ECONNREFUSED/);
  assert.match(cure, /trelica\.baseUrl/);
});

async function checkOnlyTrelica(settings: (yaml: string) => string): Promise<readonly Finding[]> {
  const file = join(folder, 'checked.yaml');
  writeFileSync(file, settings(yaml), { mode: 0o600 });
  const config = loadConfig({ file, environment: { ...installation.secrets } });
  return all(checkTrelica(config, { fetch, now: () => performance.now() }));
}

test('a wrong workflow, step or action is told with those that exist', async () => {
  const workflow = await checkOnlyTrelica((text) => text.replace('Person leaves', 'Person leves'));
  assert.match(onlyFault(workflow).detail, /no such workflow; it has "Person leaves"/);
  assert.match(onlyFault(workflow).cure, /did you mean "Person leaves"\?/);
  const step = await checkOnlyTrelica((text) => text.replace('Exchange Online', 'Exchange'));
  assert.match(onlyFault(step).detail, /no step of this title; it has .*"Exchange Online"/);
  const { startRun, runs } = rehearsal.trelica;
  const { runId } = await startRun(rehearsal.tenant.leaver);
  await eventually('the run waits', () =>
    runs().some(({ id, status }) => id === runId && status === 'Waiting'),
  );
  const action = await checkOnlyTrelica((text) =>
    text.replace('action: Continue', 'action: Continu'),
  );
  assert.match(onlyFault(action).detail, /does not offer Continu; it offers "Continue"/);
  assert.match(onlyFault(action).cure, /did you mean "Continue"\?/);
});

test('every fault of the configuration is a line of its own, and nothing else is tried', async () => {
  const findings = await check({ settings: (text) => text.replace('port:', 'prt:') });
  const [fault] = findings.filter(({ state }) => state === 'bad');
  assert.match(
    fault?.detail ?? '',
    /checked\.yaml:\d+:\d+: listen: unknown setting "prt"; did you mean port\?/,
  );
  assert.equal(exitOf(findings), 78);
});

test('the public address is good only if this service answers there', async () => {
  let answer = { status: 401, body: '{"type":"urn:exo-bridge:problem:http.unauthorized"}' };
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url === '/webhooks/trelica' ? answer.status : 500).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal((await checkWebhook(url)).state, 'good');
  answer = { status: 200, body: '<p>Welcome to nginx</p>' };
  assert.equal((await checkWebhook(`${url}/`)).state, 'bad');
  answer = { status: 502, body: '' };
  assert.match((await checkWebhook(url)).cure ?? '', /exo-bridge serve/);
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await checkWebhook(url)).state, 'warning');
  assert.equal((await checkWebhook('http://nowhere.invalid')).state, 'bad');
});

test('a clock that is off by more than Entra takes is told, with how far', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() - 10 * 60_000).toUTCString()).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const watch = new ClockWatch(Date.now, new AbortController().signal);
  assert.equal(watch.finding().state, 'skipped');
  await watch.fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { state, detail } = watch.finding();
  assert.equal(state, 'bad');
  assert.match(detail, /^60\d s ahead of Trelica's/);
  server.closeAllConnections();
  server.close();
});

test('files that others can use are told with the chmod that closes them', {
  skip: process.platform === 'win32' ? 'Windows has no such bits' : false,
}, () => {
  const data = join(folder, 'open-data');
  mkdirSync(data);
  chmodSync(data, 0o755);
  assert.match(checkDataFolder(data).cure ?? '', /chmod 700 .*open-data/);
  assert.match(checkDataFolder(join(data, 'later')).detail, /made at the first start/);
  const file = join(folder, 'open.yaml');
  writeFileSync(file, '');
  chmodSync(file, 0o664);
  assert.match(checkConfigFile(file).cure ?? '', /chmod go-w .*open\.yaml/);
  chmodSync(file, 0o644);
  assert.equal(checkConfigFile(file).state, 'good');
});
