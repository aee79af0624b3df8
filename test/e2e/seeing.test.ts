import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { STAND_IN } from '../../src/sandbox/rehearsal.ts';
import { eventually } from '../support/eventually.ts';
import { type Installed, install } from './installed.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly jobId?: string;
  readonly person?: string;
}

const CANARY_URL = '/canary-of-the-notice-url';
const INFO = 30;

describe('what can be seen of a service at work', () => {
  const notices: string[] = [];
  const people = createServer(async (request, response) => {
    notices.push(await text(request));
    response.end();
  });
  let scene: Installed;
  before(async () => {
    people.listen(0, '127.0.0.1');
    await once(people, 'listening');
    const { port } = people.address() as AddressInfo;
    scene = await install(STAND_IN, (config) => ({
      ...config,
      metrics: { listen: { host: '127.0.0.1', port: 0 } },
      notices: { webhook: { form: 'json' } },
      secrets: { ...config.secrets, noticeUrl: `http://127.0.0.1:${port}${CANARY_URL}` },
    }));
  });
  after(async () => {
    await scene.close();
    people.close();
  });

  const lines = () => scene.logged.map((line) => JSON.parse(line) as Line);
  const scrape = async () => (await fetch(scene.service.metricsUrl ?? '')).text();
  const offboard = async (email: string) => {
    const { workflowId, runId } = await scene.rehearsal.trelica.startRun(email);
    const accepted = await scene.webhook({ workflowId, runId });
    return scene.ended(accepted['jobId']);
  };

  test('the log tells one leaver in about ten lines, from the first to the last', async () => {
    const job = await offboard(scene.rehearsal.tenant.leaver);
    assert.equal(job.state, 'done');
    const story = await eventually('the last line is there', () => {
      const own = lines().filter(({ jobId, level }) => jobId === job.id && level >= INFO);
      return own.at(-1)?.msg === 'job left' ? own : undefined;
    });
    assert.deepEqual(
      story.map(({ msg }) => msg),
      [
        'job begun',
        'leaver known',
        'planned',
        'changes made',
        'state read back',
        'signal read back',
        'job left',
      ],
    );
    assert.equal(story[1]?.person, 'l…@example.org');
  });

  test('a job that needs a person is told to people, with the command to type', async () => {
    const job = await offboard('tom.twin@example.org');
    assert.equal(job.state, 'needs-attention');
    const notice = await eventually(
      'the notice came',
      () => notices.find((one) => one.includes(`exo-bridge jobs show ${job.id}`)),
      30_000,
    );
    assert.match(notice, /"Person":"t…@example\.org"/);
    assert.match(notice, /"Reason":"offboarding\.stopped-by-finding"/);
  });

  test('the metrics have counted it', async () => {
    const sent = '\nexo_bridge_notices_total{channel="webhook",outcome="sent"} 2\n';
    const scraped = await eventually('both notices count', async () => {
      const found = await scrape();
      return found.includes(sent) ? found : undefined;
    });
    for (const line of [
      'exo_bridge_jobs{state="done"} 1',
      'exo_bridge_jobs{state="needs-attention"} 1',
      'exo_bridge_signals_total{outcome="fired"} 1',
      'exo_bridge_job_duration_seconds_count{state="done"} 1',
      'exo_bridge_exchange_call_duration_seconds_count{cmdlet="Set-Mailbox",outcome="completed"} 1',
      'exo_bridge_http_answers_total{route="/webhooks/trelica",status="202"} 2',
      'exo_bridge_certificate_days_left 0',
    ]) {
      assert.ok(scraped.includes(`\n${line}\n`), line);
    }
    const elsewhere = await fetch(`${scene.service.url}/metrics`);
    assert.equal(elsewhere.status, 404);
  });

  test('the readiness says that the certificate ends soon, and is ready all the same', async () => {
    const { ready, parts } = (await scene.operator.get('/readyz')) as {
      ready: boolean;
      parts: { name: string; ready: boolean; reason?: string }[];
    };
    assert.equal(ready, true);
    const certificate = parts.find(({ name }) => name === 'certificate');
    assert.match(certificate?.reason ?? '', /^expires on \d{4}-\d\d-\d\d, in 0 days$/);
  });

  test('nowhere is a secret, and outside the reports no person', async () => {
    const refused = await fetch(`${scene.service.url}/jobs`, {
      headers: { authorization: 'Bearer wrong-canary-token-1234567890' },
    });
    const { secrets } = scene.installation;
    const token = secrets['EXO_BRIDGE_WEBHOOK_TOKEN'] ?? '';
    const unknown = await fetch(`${scene.service.url}/webhooks/trelica`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ workflow: 'nobody knows', email: 'lee@example.org' }),
    });
    const jobs = await scene.operator.get('/jobs');
    const aside = {
      log: scene.logged.join(''),
      metrics: await scrape(),
      notices: notices.join(''),
      readiness: JSON.stringify(await scene.operator.get('/readyz')),
      problems: (await refused.text()) + (await unknown.text()),
    };
    const canaries = [...Object.values(secrets), CANARY_URL, 'wrong-canary-token'];
    for (const [where, seen] of Object.entries({ ...aside, reports: JSON.stringify(jobs) })) {
      assert.ok(seen.length > 0, where);
      for (const canary of canaries) {
        assert.ok(!seen.includes(canary), `${canary.slice(0, 4)}… is in the ${where}`);
      }
    }
    const names = scene.rehearsal.tenant.people.flatMap(({ name, email }) => [name, email]);
    for (const [where, seen] of Object.entries(aside)) {
      const found = names.filter((name) => seen.includes(name));
      assert.deepEqual(found, [], `persons in the ${where}`);
    }
  });
});

test('an access token is in no log', async () => {
  const token = 'canary-of-the-access-token';
  const scene = await install(STAND_IN, (config) => ({
    ...config,
    exchange: { ...config.exchange, signIn: 'access-token' },
    secrets: { ...config.secrets, accessToken: () => token },
  }));
  await scene.close();
  assert.ok(scene.logged.length > 0);
  assert.ok(!scene.logged.join('').includes(token));
});
