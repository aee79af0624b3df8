import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config.ts';

/** What the deployment files promise to one another, read once from where it is decided. */

export const CONTAINER_SETTINGS = 'deploy/exo-bridge.container.yaml';

/** The secrets that settings ask for, as the service says itself when there are none. */
export function secretVariables(file: string = CONTAINER_SETTINGS): readonly string[] {
  try {
    loadConfig({ file, environment: {} });
  } catch (error) {
    const faults = error instanceof Error ? error.message : '';
    return [...faults.matchAll(/(EXO_BRIDGE_[A-Z_]+) or \1_FILE must be set/g)].map(
      ([, name]) => name ?? '',
    );
  }
  throw new Error('no secret is missed');
}

/** The settings of a file, checked as the service checks them, with secrets that mean nothing. */
export function settingsOf(file: string) {
  const environment = Object.fromEntries(
    // Good as a token and as an address.
    secretVariables(file).map((name) => [name, `https://secrets.example.org/${name}`]),
  );
  return loadConfig({ file, environment });
}

/**
 * How long a stop may take: the grace of the running command, and the minute after which the process
 * gives up by itself.
 */
export function longestStopSeconds(): number {
  const [, ms] = /LAST_EXIT_AFTER_MS = ([\d_]+)/.exec(sources()) ?? [];
  assert.ok(ms !== undefined, 'nothing says when the process gives up');
  const { stopGraceSeconds } = settingsOf(CONTAINER_SETTINGS).limits;
  return stopGraceSeconds + Number(ms.replaceAll('_', '')) / 1_000;
}

function sources(): string {
  return globSync('src/{main,cli/*}.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('');
}

export function readYamlFile(file: string) {
  return parse(readFileSync(file, 'utf8'), { uniqueKeys: true });
}

export function readYamlDocuments(text: string) {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => document.toJS());
}
