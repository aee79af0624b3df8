import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventOf, JOB_STATES, MOVES, mayBecome } from '../../src/jobs/states.ts';

/** The table of docs/design.md: a row per state, a column per state, in each cell the event or nothing. */
function documented(): ReadonlyMap<string, string> {
  const text = readFileSync('docs/design.md', 'utf8');
  const table = /^\| from \\ to \|.*\n(?:\|.*\n)+/m.exec(text)?.[0] ?? '';
  const [head = [], , ...rows] = table
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
  const cells = rows.flatMap(([from = '', ...events]) =>
    events.map((event, column) => [`${from} → ${head[column + 1]}`, event] as const),
  );
  return new Map(cells);
}

test('every pair of states is in the table of the design, with the event of the move or none', () => {
  const table = documented();
  assert.equal(table.size, JOB_STATES.length ** 2);
  for (const from of JOB_STATES) {
    for (const to of JOB_STATES) {
      const move = MOVES.find((one) => one.from === from && one.to === to);
      assert.equal(table.get(`${from} → ${to}`), move?.event ?? '', `${from} → ${to}`);
    }
  }
});

test('a move that is not in the table throws, whichever it is', () => {
  for (const from of JOB_STATES) {
    for (const to of JOB_STATES) {
      if (mayBecome(from, to)) {
        assert.equal(typeof eventOf(from, to), 'string');
      } else {
        assert.throws(() => eventOf(from, to), /cannot become/);
      }
    }
  }
});

test('no state is a trap: from each that is not final a person can lead a job to an end', () => {
  const final = ['done', 'superseded'];
  for (const state of JOB_STATES.filter((one) => !final.includes(one))) {
    assert.ok(
      MOVES.some(({ from }) => from === state),
      state,
    );
  }
});
