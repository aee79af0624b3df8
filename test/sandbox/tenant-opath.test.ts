import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  FilterSyntaxError,
  type Literal,
  parseFilter,
  satisfies,
} from '../../src/sandbox/tenant/opath.ts';

const ONE: Readonly<Record<string, readonly Literal[]>> = {
  Name: ["Lee O'Neil"],
  EmailAddresses: ["l.o'neil@example.org", 'lee@example.org'],
  IsDirSynced: [true],
  Nothing: [],
};
const read = (property: string) => ONE[property] ?? assert.fail(property);

for (const source of [
  "Name -eq 'Lee O''Neil'",
  "name -eq 'x' -or Name -eq 'LEE O''NEIL'".replace('name', 'Name'),
  "EmailAddresses -eq 'lee@example.org'",
  "EmailAddresses -like 'lee@*'",
  "Name -ne 'x' -and IsDirSynced -eq $true",
  "IsDirSynced -eq 'true'",
  'Nothing -eq $null',
  "-not (Name -eq 'x' -or Name -like 'y*')",
  "((Name -eq 'Lee O''Neil'))",
  "Name -eq 'x' -and Name -eq 'y' -or Name -notlike 'z*'",
]) {
  test(`${source} fits`, () => {
    assert.equal(satisfies(parseFilter(source), read), true);
  });
}

for (const source of [
  "Name -eq 'Lee'",
  "Name -like 'Lee'",
  "Name -eq 'x' -or Name -eq 'y'",
  "-not Name -like 'Lee*'",
  'Name -eq $null',
  "EmailAddresses -like 'l.o.neil@*'",
]) {
  test(`${source} does not fit`, () => {
    assert.equal(satisfies(parseFilter(source), read), false);
  });
}

for (const source of [
  '',
  ' ',
  'Name',
  'Name -eq',
  "Name -eq 'O'Neil'",
  "Name -eq 'open",
  "Name -eq 'x' Name -eq 'y'",
  "Name -eq 'x' -or",
  "(Name -eq 'x'",
  "Name -eq 'x')",
  "Name -equals 'x'",
  "'Name' -eq 'x'",
  'Name -eq x',
  'Name -eq $env:PATH',
]) {
  test(`${JSON.stringify(source)} is no filter`, () => {
    assert.throws(() => parseFilter(source), FilterSyntaxError);
  });
}

test('any text with its quotes doubled is that text, and nothing of it is syntax', () => {
  const texts = fc.string({
    unit: fc.constantFrom(...'ab \'"()-$*\u2019\n', ' -or ', "' -or Name -eq '"),
  });
  fc.assert(
    fc.property(texts, (text) => {
      assert.deepEqual(parseFilter(`Name -eq '${text.replaceAll("'", "''")}'`), {
        kind: 'compare',
        property: 'Name',
        operator: '-eq',
        value: text,
      });
    }),
    { numRuns: 2_000 },
  );
});
