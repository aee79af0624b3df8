import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSilentServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createCertificate } from '../../src/certificate/create-certificate.ts';
import { createMailChannel } from '../../src/notices/mail-channel.ts';
import { createWebhookChannel, type WebhookForm } from '../../src/notices/webhook-channel.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';

const NOTICE = {
  title: 'A leaver needs attention',
  facts: { Job: '4711', Reason: 'a <b> & c' },
  advice: 'Look at it: exo-bridge jobs show 4711',
};
const never = new AbortController().signal;

describe('a notice to a webhook', () => {
  const bodies: unknown[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    bodies.push(JSON.parse(await text(request)));
    response.writeHead(status, { location: '/elsewhere' }).end('canary of the other side');
  });
  let url: string;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary-url`;
  });
  after(() => server.close());

  const send = async (form: WebhookForm) => {
    await createWebhookChannel({ url, form }, fetch).send(NOTICE, never);
    return bodies.at(-1);
  };

  test('is an adaptive card for Teams', async () => {
    const { attachments } = (await send('teams')) as {
      attachments: { contentType: string; content: { body: { text?: string }[] } }[];
    };
    assert.equal(attachments[0]?.contentType, 'application/vnd.microsoft.card.adaptive');
    const body = attachments[0]?.content.body ?? [];
    assert.deepEqual(
      body.map((block) => block.text),
      [NOTICE.title, undefined, NOTICE.advice],
    );
    assert.deepEqual((body[1] as { facts?: unknown }).facts, [
      { title: 'Job', value: '4711' },
      { title: 'Reason', value: 'a <b> & c' },
    ]);
  });

  test('is an escaped text for Slack', async () => {
    const sent = (await send('slack')) as { text: string };
    assert.deepEqual(Object.keys(sent), ['text']);
    assert.match(
      sent.text,
      /^A leaver needs attention\n\nJob: 4711\nReason: a &lt;b&gt; &amp; c\n/,
    );
  });

  test('is plain data for programs', async () => {
    assert.deepEqual(await send('json'), { source: 'exo-bridge', ...NOTICE });
  });

  test('that is not taken is told by the status alone; a redirect is not followed', async () => {
    for (status of [302, 403, 500]) {
      await assert.rejects(send('json'), (error: Error) => {
        assert.match(error.message, new RegExp(`answers ${status}`));
        assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary/);
        return true;
      });
    }
  });

  test('that finds nobody is told without the address', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const nowhere = { url: `http://127.0.0.1:${port}/canary-url`, form: 'json' } as const;
    await assert.rejects(createWebhookChannel(nowhere, fetch).send(NOTICE, never), {
      code: 'notices.not-delivered',
      message: 'the notice was not taken: the webhook was not reached (ECONNREFUSED)',
    });
  });
});

describe('a notice by mail', () => {
  let server: MailServer;
  before(async () => {
    server = await startMailServer({ password: 'canary-password' });
  });
  after(() => server.close());

  const channel = (password: string, port = server.port) =>
    createMailChannel({
      ...{ host: '127.0.0.1', port, security: 'none', user: 'exo-bridge', password },
      ...{ from: 'bridge@example.org', to: ['admin@example.org', 'second@example.org'] },
      timeoutMs: 5_000,
    });

  test('reaches everybody named, with what to do', async () => {
    await channel('canary-password').send(NOTICE, never);
    const [mail] = server.mails;
    assert.match(mail?.from ?? '', /<bridge@example.org>/);
    assert.equal(mail?.to.length, 2);
    assert.match(mail?.text ?? '', /^Subject: exo-bridge: A leaver needs attention$/m);
    assert.match(mail?.text ?? '', /exo-bridge jobs show 4711/);
  });

  test('that the server refuses is told by its number alone', async () => {
    await assert.rejects(channel('wrong-canary').send(NOTICE, never), (error: Error) => {
      assert.equal(error.message, 'the notice was not taken: the mail server: EAUTH 535');
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /canary/);
      return true;
    });
  });

  test('is not sent where encryption was asked for and is not offered', async () => {
    const before = server.mails.length;
    const strict = createMailChannel({
      ...{ host: '127.0.0.1', port: server.port, security: 'starttls', user: undefined },
      ...{ password: undefined, from: 'bridge@example.org', to: ['admin@example.org'] },
      timeoutMs: 5_000,
    });
    await assert.rejects(strict.send(NOTICE, never), { code: 'notices.not-delivered' });
    assert.equal(server.mails.length, before);
  });

  test('is not sent, nor a password, to a server that nobody vouches for', async () => {
    const certificate = await createCertificate('localhost', 60_000);
    const impostor = await startMailServer({ password: 'canary-password', certificate });
    const strict = createMailChannel({
      ...{ host: '127.0.0.1', port: impostor.port, security: 'starttls', user: 'exo-bridge' },
      ...{ password: 'canary-password', from: 'bridge@example.org', to: ['admin@example.org'] },
      timeoutMs: 5_000,
    });
    await assert.rejects(strict.send(NOTICE, never), {
      message: /the mail server: (ETLS|ESOCKET|DEPTH_ZERO_SELF_SIGNED_CERT)/,
    });
    assert.deepEqual([impostor.logins, impostor.mails], [[], []]);
    await impostor.close();
  });

  test('is broken off when the service stops', async () => {
    const silent = createSilentServer((socket) => socket.unref()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const stop = new AbortController();
    const sending = channel('x', (silent.address() as AddressInfo).port).send(NOTICE, stop.signal);
    stop.abort();
    await assert.rejects(sending, { code: 'notices.not-delivered' });
    silent.close();
  });
});
