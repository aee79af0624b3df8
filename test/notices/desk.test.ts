import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { type Channel, notDelivered } from '../../src/notices/channel.ts';
import { NoticeDesk } from '../../src/notices/desk.ts';
import { openNoticeMemory } from '../../src/notices/memory.ts';
import type { Notice } from '../../src/notices/notice.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'notices-'));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
let file: string;
beforeEach(() => {
  count += 1;
  file = join(folder, `${count}.json`);
});

/** One life of the process; the next one on the same file is a restart. */
class Scene {
  readonly clock = new VirtualClock();
  readonly sent: string[] = [];
  readonly outcomes: string[] = [];
  standing: Notice[];
  isDown = false;
  tries = 0;
  readonly desk: NoticeDesk;

  constructor(standing: Notice[], names: readonly Channel['name'][] = ['webhook']) {
    this.standing = standing;
    this.desk = new NoticeDesk({
      channels: names.map((name) => ({ name, send: async ({ title }) => this.#take(name, title) })),
      memory: openNoticeMemory(file),
      standing: async () => this.standing,
      clock: this.clock,
      log: pino({ level: 'silent' }),
      onNoticed: (channel, outcome) => this.outcomes.push(`${channel} ${outcome}`),
    });
  }

  #take(name: string, title: string): void {
    this.tries += 1;
    if (this.isDown) {
      throw notDelivered('down');
    }
    this.sent.push(`${name}: ${title}`);
  }
}

const notice = (id: string): Notice => ({ key: id, title: id, facts: {}, advice: '' });

/** After the look that notes what was there before anybody asked for notices. */
async function begun(): Promise<void> {
  await new Scene([]).desk.look();
}

test('what needs a person is told once on each channel, also after a restart', async () => {
  await begun();
  const first = new Scene([notice('a')], ['webhook', 'mail']);
  await first.desk.look();
  await first.desk.look();
  assert.deepEqual(first.sent, ['webhook: a', 'mail: a']);
  const second = new Scene([notice('a'), notice('b')], ['webhook', 'mail']);
  await second.desk.look();
  assert.deepEqual(second.sent, ['webhook: b', 'mail: b']);
});

test('what happened before the process died is told by the next one', async () => {
  await begun();
  const first = new Scene([notice('a')]);
  first.isDown = true;
  await first.desk.look();
  await first.desk.stop();
  const second = new Scene([notice('a')]);
  await second.desk.look();
  assert.deepEqual(second.sent, ['webhook: a']);
});

test('what was there before notices were switched on is not told', async () => {
  const first = new Scene([notice('old')]);
  await first.desk.look();
  first.standing = [notice('old'), notice('new')];
  await first.desk.look();
  assert.deepEqual(first.sent, ['webhook: new']);
});

test('a damaged memory tells twice rather than not at all', async () => {
  writeFileSync(file, '{"settled":');
  const scene = new Scene([notice('a')]);
  await scene.desk.look();
  assert.deepEqual(scene.sent, ['webhook: a']);
});

test('many at once are one', async () => {
  await begun();
  const scene = new Scene(Array.from({ length: 40 }, (_, index) => notice(`n${index}`)));
  await scene.desk.look();
  await scene.desk.look();
  assert.deepEqual(scene.sent, ['webhook: 40 things need attention']);
});

test('a channel that is down is tried five times with growing pauses, then given up', async () => {
  await begun();
  const scene = new Scene([notice('a')]);
  scene.isDown = true;
  scene.desk.start();
  await scene.clock.pass(24 * 60 * 60_000);
  assert.equal(scene.tries, 5);
  assert.deepEqual(scene.outcomes, ['webhook given-up']);
  await scene.desk.stop();
});

test('who is woken looks at once, and again by the clock', async () => {
  await begun();
  const scene = new Scene([]);
  scene.desk.start();
  await scene.clock.pass(1);
  scene.standing = [notice('a')];
  scene.desk.wake();
  scene.desk.wake();
  await scene.clock.pass(1);
  assert.deepEqual(scene.sent, ['webhook: a']);
  scene.standing = [notice('b')];
  await scene.clock.pass(10_000);
  assert.deepEqual(scene.sent, ['webhook: a', 'webhook: b']);
  await scene.desk.stop();
});

test('a flood of leavers is one notice and a digest, however often the desk is woken', async () => {
  await begun();
  const scene = new Scene([]);
  scene.desk.start();
  await scene.clock.pass(1);
  for (let index = 0; index < 40; index += 1) {
    scene.standing = [...scene.standing, notice(`n${index}`)];
    scene.desk.wake();
    await scene.clock.pass(50);
  }
  await scene.clock.pass(10_000);
  assert.deepEqual(scene.sent, ['webhook: n0', 'webhook: 39 things need attention']);
  await scene.desk.stop();
});

test('a channel that comes back gets what is owed, and news survive until then', async () => {
  await begun();
  const scene = new Scene([notice('a')]);
  scene.isDown = true;
  scene.desk.note(notice('news'));
  await scene.desk.look();
  scene.isDown = false;
  await scene.clock.pass(60_000);
  await scene.desk.look();
  assert.deepEqual(scene.sent, ['webhook: news', 'webhook: a']);
});
