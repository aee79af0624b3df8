import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { pino } from 'pino';
import {
  type CreatedCertificate,
  createCertificate,
} from '../../src/certificate/create-certificate.ts';
import {
  CertificateKeeper,
  type CertificateNews,
  type CertificateSecret,
} from '../../src/certificate/keeper.ts';
import { eventually } from '../support/eventually.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

/** A keeper, the files that it reads, and a clock that the test moves. */
class Scene {
  readonly virtual = new VirtualClock();
  readonly news: CertificateNews[] = [];
  replaced = 0;
  lines = '';
  files: () => CertificateSecret;
  readonly keeper: CertificateKeeper;

  constructor(first: CertificateSecret, startedAt = Date.now()) {
    const { virtual } = this;
    this.files = () => first;
    this.keeper = new CertificateKeeper({
      first,
      readAgain: () => this.files(),
      clock: {
        now: () => virtual.now(),
        wall: () => startedAt + virtual.now(),
        after: (ms, act) => virtual.after(ms, act),
      },
      log: pino({ level: 'info' }, { write: (line: string) => (this.lines += line) }),
      onReplaced: () => {
        this.replaced += 1;
      },
      onNews: (news) => this.news.push(news),
    });
  }

  get kinds(): readonly string[] {
    return this.news.map(({ kind }) => kind);
  }
}

const secretOf = ({ pfx, password }: CreatedCertificate) => ({
  pfx: pfx.toString('base64'),
  password,
});

describe('the certificate in use', () => {
  let old: CreatedCertificate;
  let next: CreatedCertificate;
  before(async () => {
    old = await createCertificate('old', 40 * DAY_MS);
    next = await createCertificate('next', 365 * DAY_MS);
  });

  test('is spoken of 30, 14 and 7 days before its end and at its end, each once', async () => {
    const scene = new Scene(secretOf(old));
    const seen: [number, string | undefined][] = [];
    for (let day = 0; day <= 41; day += 1) {
      const before = scene.news.length;
      await scene.keeper.look();
      await scene.keeper.look();
      if (scene.news.length > before) {
        seen.push([scene.keeper.status.daysLeft ?? 0, scene.news.at(-1)?.kind]);
      }
      await scene.virtual.pass(DAY_MS);
    }
    assert.deepEqual(seen, [
      [30, 'expiring'],
      [14, 'expiring'],
      [7, 'expiring'],
      [-1, 'expired'],
    ]);
    assert.equal(new Set(scene.news.map(({ key }) => key)).size, 4);
    await assert.rejects(scene.keeper.current(), { code: 'certificate.expired' });
    assert.match(scene.keeper.status.obstacle ?? '', /expired on/);
  });

  test('gives way to another one that opens and is valid, found by the clock', async () => {
    const scene = new Scene(secretOf(old));
    scene.keeper.start();
    assert.deepEqual(await scene.keeper.current(), secretOf(old));
    scene.files = () => secretOf(next);
    await eventually('it was replaced', async () => {
      await scene.virtual.pass(MINUTE_MS);
      return scene.replaced === 1;
    });
    assert.deepEqual(await scene.keeper.current(), secretOf(next));
    await scene.keeper.stop();
    assert.equal(scene.replaced, 1);
    assert.ok(scene.lines.includes(next.thumbprint));
  });

  test('stays while a bad one lies in its place, and that is told once for each', async () => {
    const scene = new Scene(secretOf(old));
    const expired = await createCertificate('expired', -MINUTE_MS);
    const bad: readonly (() => CertificateSecret)[] = [
      () => ({ pfx: secretOf(next).pfx, password: 'canary' }),
      () => secretOf(expired),
      () => ({ pfx: '', password: 'canary' }),
      () => {
        throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      },
    ];
    for (const files of bad) {
      scene.files = files;
      await scene.keeper.look();
      await scene.keeper.look();
      assert.deepEqual(await scene.keeper.current(), secretOf(old));
    }
    assert.deepEqual(scene.kinds, ['refused', 'refused', 'refused', 'refused']);
    assert.equal(scene.keeper.status.obstacle, undefined);
    assert.match(scene.keeper.status.refused ?? '', /ENOENT/);
    scene.files = () => secretOf(old);
    await scene.keeper.look();
    assert.equal(scene.keeper.status.refused, undefined);
    assert.equal(scene.replaced, 0);
    assert.doesNotMatch(scene.lines, /canary/);
  });

  test('gives way to one that is valid from tomorrow when tomorrow has come', async () => {
    const scene = new Scene(secretOf(old), Date.now() - DAY_MS);
    scene.files = () => secretOf(next);
    await scene.keeper.look();
    await scene.keeper.look();
    assert.deepEqual([scene.replaced, scene.kinds], [0, ['refused']]);
    await scene.virtual.pass(DAY_MS);
    await scene.keeper.look();
    assert.deepEqual(await scene.keeper.current(), secretOf(next));
    assert.equal(scene.keeper.status.refused, undefined);
  });

  test('that never opened says why, and the first good one is taken', async () => {
    const scene = new Scene({ pfx: secretOf(old).pfx, password: 'wrong' });
    await assert.rejects(scene.keeper.current(), { code: 'certificate.unreadable' });
    await scene.keeper.look();
    assert.match(scene.keeper.status.obstacle ?? '', /password does not open/);
    assert.deepEqual(scene.kinds, ['refused']);
    scene.files = () => secretOf(old);
    await scene.keeper.look();
    assert.deepEqual(await scene.keeper.current(), secretOf(old));
    assert.equal(scene.keeper.status.refused, undefined);
  });
});
