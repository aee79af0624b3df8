import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesCell } from '../../src/offboarding/cells.ts';

const SIZES: readonly [string, unknown, number | undefined][] = [
  ['as the worker sends it', { bytes: 1_288_490_188 }, 1_288_490_188],
  ['as English text', '1.2 GB (1,288,490,188 bytes)', 1_288_490_188],
  ['as German text', '1,2 GB (1.288.490.188 bytes)', 1_288_490_188],
  ['as a number of bytes', 1_288_490_188, 1_288_490_188],
  ['without its bytes', '1.2 GB', undefined],
  ['not at all', null, undefined],
];
for (const [form, cell, bytes] of SIZES) {
  test(`a size that comes ${form} is read as ${bytes}`, () => {
    assert.equal(bytesCell.parse(cell), bytes);
  });
}
