import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import {
  installFor,
  type Rehearsal,
  STAND_IN,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { type Service, startService } from '../../src/service/service.ts';
import { freePort } from '../e2e/program.ts';
import { eventually } from '../support/eventually.ts';

/** Where a proxy of the test listens, whom it serves, and the certificate it shows. */
interface Site {
  readonly folder: string;
  readonly port: number;
  readonly upstream: string;
  readonly certificate: string;
  readonly key: string;
}

/** A proxy as `deploy/` configures it, except for names, ports and places. */
interface Proxy {
  readonly name: string;
  readonly program: string;
  /** What it answers when the service refuses a body, and closes while it is still coming. */
  readonly tooLarge: readonly number[];
  /** Writes the configuration of the site and gives the arguments that run it in the foreground. */
  configure(site: Site): readonly string[];
}

const nginx: Proxy = {
  name: 'nginx',
  program: 'nginx',
  tooLarge: [413],
  configure({ folder, port, upstream, certificate, key }) {
    const server = readFileSync('deploy/nginx/exo-bridge.conf', 'utf8')
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
      .replace('listen [::]:443 ssl;', '')
      .replaceAll('http://127.0.0.1:8080', upstream)
      .replace('/etc/nginx/tls/exo-bridge.pem', certificate)
      .replace('/etc/nginx/tls/exo-bridge.key', key)
      .replace('# include', 'include')
      .replaceAll('/etc/nginx/exo-bridge', folder);
    const addresses = readFileSync('deploy/nginx/trelica-addresses.conf', 'utf8');
    writeFileSync(join(folder, 'trelica-addresses.conf'), `allow 127.0.0.0/28;\n${addresses}`);
    writeFileSync(join(folder, 'proxy.conf'), readFileSync('deploy/nginx/proxy.conf'));
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(' ');
    const main = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
      events {} http { access_log off; ${paths} ${server} }`;
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, main);
    return ['-p', folder, '-e', 'stderr', '-c', file];
  },
};

const caddy: Proxy = {
  name: 'Caddy',
  program: 'caddy',
  tooLarge: [413, 502],
  configure({ folder, port, upstream, certificate, key }) {
    const site = readFileSync('deploy/caddy/Caddyfile', 'utf8')
      .replace(
        'exo-bridge.example.org {',
        `https://127.0.0.1:${port} {\n\ttls ${certificate} ${key}`,
      )
      .replace('127.0.0.1:8080', upstream.replace('http://', ''))
      .replace('# @strangers not remote_ip', '@strangers not remote_ip 127.0.0.0/28')
      .replace('# respond @strangers', 'respond @strangers');
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
    return ['run', '--adapter', 'caddyfile', '--config', file];
  },
};

const LIMIT = 3;
const isThere = (program: string, argument: string) =>
  spawnSync(program, [argument]).error === undefined;

for (const proxy of [nginx, caddy]) {
  const isInstalled = isThere(proxy.program, '-h') && isThere('openssl', 'version');
  const skip = isInstalled ? false : `there is no ${proxy.program} (or no openssl)`;
  describe(`behind ${proxy.name} as deploy/ configures it`, { skip }, () => {
    let folder: string;
    let rehearsal: Rehearsal;
    let service: Service;
    let token: string;
    let child: ChildProcess;
    let port: number;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'proxy-'));
      rehearsal = await startRehearsal({
        people: 20,
        groups: 10,
        latency: 0,
        seed: 1,
        engine: STAND_IN,
      });
      ({ service, token } = await startBehind(rehearsal, folder));
      port = await freePort();
      const [certificate, key] = selfSigned(folder);
      const site = { folder, port, upstream: service.url, certificate, key };
      child = spawn(proxy.program, proxy.configure(site), {
        env: { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let output = '';
      child.stderr?.on('data', (data) => {
        output += data;
      });
      await eventually(`${proxy.name} listens`, () => {
        assert.equal(child.exitCode, null, output);
        return ask({ port, from: '127.0.0.1', path: '/' }).then(
          () => true,
          () => false,
        );
      });
    });
    after(async () => {
      child?.kill('SIGTERM');
      if (child?.exitCode === null) {
        await once(child, 'exit');
      }
      await service?.stop();
      await rehearsal?.close();
      rmSync(folder, { recursive: true });
    });

    test('a webhook arrives', async () => {
      const { workflowId, runId } = await rehearsal.trelica.startRun(rehearsal.tenant.leaver);
      const body = JSON.stringify({ workflowId, runId });
      const answer = await ask({ port, from: '127.0.0.2', token, body });
      assert.equal(answer.status, 202, answer.text);
      assert.equal(JSON.parse(answer.text).duplicate, false);
    });

    test('each client has a limit of its own, and cannot pretend to be another', async () => {
      const statuses: number[] = [];
      for (let count = 0; count <= LIMIT; count += 1) {
        const forwardedFor = `203.0.113.${count}`;
        statuses.push((await ask({ port, from: '127.0.0.3', forwardedFor, body: '{}' })).status);
      }
      assert.deepEqual(statuses, [...Array(LIMIT).fill(401), 429]);
      assert.equal((await ask({ port, from: '127.0.0.4', body: '{}' })).status, 401);
    });

    test('nothing else of the service can be seen, however it is written', async () => {
      for (const path of [
        '/jobs',
        '/readyz',
        '/webhooks/trelica/../../jobs',
        '//jobs',
        '/%6aobs',
        '/webhooks/trelica/',
      ]) {
        assert.equal((await ask({ port, from: '127.0.0.5', path })).status, 404, path);
      }
    });

    test('a body that no webhook has is refused', async () => {
      const body = JSON.stringify({ workflowId: 'x'.repeat(70_000) });
      const { status } = await ask({ port, from: '127.0.0.6', token, body });
      assert.ok(proxy.tooLarge.includes(status), String(status));
    });

    test('with the list of addresses a stranger is refused', async () => {
      assert.equal((await ask({ port, from: '127.0.0.77', token, body: '{}' })).status, 403);
    });
  });
}

async function startBehind(rehearsal: Rehearsal, folder: string) {
  const { configFile, secrets } = installFor(rehearsal, folder, 0);
  const config = loadConfig({ file: configFile, environment: { ...secrets } });
  const service = await startService(
    {
      ...config,
      listen: { ...config.listen, trustedProxies: ['127.0.0.1'] },
      limits: { ...config.limits, requestsPerMinute: LIMIT },
    },
    { environment: process.env, log: pino({ level: 'silent' }) },
  );
  return { service, token: secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '' };
}

function selfSigned(folder: string): readonly [string, string] {
  const [certificate, key] = [join(folder, 'site.pem'), join(folder, 'site.key')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1']
      .concat('-addext', 'subjectAltName=IP:127.0.0.1')
      .concat('-keyout', key, '-out', certificate),
    { stdio: 'ignore' },
  );
  return [certificate, key];
}

interface Question {
  readonly port: number;
  /** Address of the client; all of 127.0.0.0/8 is this machine. */
  readonly from: string;
  readonly path?: string;
  readonly token?: string;
  readonly forwardedFor?: string;
  readonly body?: string;
}

function ask(question: Question): Promise<{ readonly status: number; readonly text: string }> {
  const { port, from, path = '/webhooks/trelica', token = 'x'.repeat(32), body } = question;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        localAddress: from,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          ...(question.forwardedFor === undefined
            ? {}
            : { 'x-forwarded-for': question.forwardedFor }),
        },
        rejectUnauthorized: false,
        agent: false,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
