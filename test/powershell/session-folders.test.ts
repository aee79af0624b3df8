import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openSessionFolders } from '../../src/powershell/session-folders.ts';

const base = mkdtempSync(join(tmpdir(), 'sf-'));
after(() => rmSync(base, { recursive: true }));

test('folders of processes that are gone are deleted, those of living ones and of others stay', () => {
  const dead = 2 ** 22 + 1;
  for (const name of [`exo-${dead}-a`, `exo-${process.ppid}-b`, 'exotic', 'exo-x-y']) {
    mkdirSync(join(base, name));
  }
  const earlier = `exo-${process.pid}-c`;
  mkdirSync(join(base, earlier));
  utimesSync(join(base, earlier), 1, 1);
  const first = openSessionFolders(base);
  const second = openSessionFolders(base);
  const expected = [first, second].map((path) => path.slice(base.length + 1));
  assert.deepEqual(
    readdirSync(base).toSorted(),
    [`exo-${process.ppid}-b`, 'exotic', 'exo-x-y', ...expected].toSorted(),
  );
});
