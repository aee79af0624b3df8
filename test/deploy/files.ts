import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config.ts';

/** What the deployment files promise to one another, read once from where it is decided. */

/** Dummy values for every secret there is: enough to check the settings of a file. */
export function anySecrets(): Record<string, string> {
  return Object.fromEntries(
    secretVariables().map((name) => [name, `${name.toLowerCase()}-${'x'.repeat(32)}`]),
  );
}

/** The variables that must be set for the sign-in by certificate, as the service itself asks for them. */
export function secretVariables(): readonly string[] {
  const source = readFileSync('src/secrets.ts', 'utf8');
  return [...source.matchAll(/taker\.(?:tokens|required)\('([A-Z_]+)'/g)]
    .map(([, name]) => name ?? '')
    .filter((name, index, names) => names.indexOf(name) === index);
}

export const CONTAINER_SETTINGS = 'deploy/exo-bridge.container.yaml';

export function settingsOf(file: string) {
  return loadConfig({ file, environment: anySecrets() });
}

/**
 * How long a stop may take: the grace of the running command, and a minute until the process gives
 * up by itself (`src/main.ts`).
 */
export function longestStopSeconds(): number {
  const source = readFileSync('src/main.ts', 'utf8');
  const [, ms = ''] = /LAST_EXIT_AFTER_MS = ([\d_]+)/.exec(source) ?? [];
  return (
    settingsOf(CONTAINER_SETTINGS).limits.stopGraceSeconds + Number(ms.replaceAll('_', '')) / 1e3
  );
}

/** A tree of YAML whose members are looked up by name; undefined where there is none. */
// biome-ignore lint/suspicious/noExplicitAny: files of other programs, whose schema is theirs
type Tree = any;

export function readYamlFile(file: string): Tree {
  return parse(readFileSync(file, 'utf8'), { uniqueKeys: true });
}

export function readYamlDocuments(text: string): readonly Tree[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => document.toJS());
}
