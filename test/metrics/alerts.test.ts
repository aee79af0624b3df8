import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const skip = hasPromtool ? false : 'no promtool (Debian: prometheus)';

function promtool(...words: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets: readonly { readonly expr: string }[];
}
const { panels } = JSON.parse(readFileSync('deploy/grafana/exo-bridge.json', 'utf8')) as {
  panels: readonly Panel[];
};

describe('what Prometheus itself says', { skip }, () => {
  test('each alert fires when it should, and only then', () => {
    promtool('check', 'config', 'deploy/prometheus/prometheus.yml');
    promtool('test', 'rules', 'test/metrics/alerts.test.yml');
  });

  test('the dashboard asks for nothing that is no PromQL', () => {
    const folder = mkdtempSync(join(tmpdir(), 'exo-dashboard-'));
    const file = join(folder, 'rules.yml');
    const rules = panels.flatMap(({ id, targets }) =>
      targets.map(({ expr }, index) => ({ record: `panel_${id}_${index}`, expr })),
    );
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    try {
      promtool('check', 'rules', file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('the panels of the dashboard lie side by side, each with an id of its own', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
  assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
});
