import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../../config.ts';
import { secretFileName } from '../../secrets.ts';
import { EXIT } from '../exit.ts';
import { Refusal } from '../failure.ts';
import type { Answers } from './answers.ts';
import { renderConfig } from './render-config.ts';
import { type GivenSecrets, type Written, writeGuarded, writeSecrets } from './write-files.ts';

export interface Installing {
  readonly configFile: string;
  readonly answers: Answers;
  readonly secrets: GivenSecrets;
  readonly isReplacing: boolean;
  readonly isTokenShown: boolean;
}

export interface Made {
  readonly config: Written;
  readonly secrets: readonly Written[];
  readonly answers: Answers;
  /** What the workflow has to send; undefined where it must not be shown. */
  readonly webhookToken: string | undefined;
}

/** Beside the configuration, which names it so. */
export function secretsFolderFor(configFile: string): string {
  return join(dirname(resolve(configFile)), 'secrets');
}

/** Writes the configuration and the folder of secrets beside it. Throws a refusal, and has written nothing then. */
export function install(parts: Installing): Made {
  const { configFile, answers, isReplacing } = parts;
  const secretsFolder = secretsFolderFor(configFile);
  const text = renderConfig(answers, dirname(secretsFolder));
  assertUsable(text);
  const config = writeGuarded(configFile, text, isReplacing);
  const secrets = writeSecrets(secretsFolder, parts.secrets);
  const tokenFile = join(secretsFolder, secretFileName('EXO_BRIDGE_WEBHOOK_TOKEN'));
  const token = readFileSync(tokenFile, 'utf8').trim();
  return { config, secrets, answers, webhookToken: parts.isTokenShown ? token : undefined };
}

/** Answers that are right one by one may not be together: a rehearsal's address that is none, wrong settings. */
function assertUsable(text: string): void {
  const { error } = configSchema.safeParse(parse(text));
  if (error !== undefined) {
    const faults = error.issues.map(({ path, message }) => `${z.core.toDotPath(path)}: ${message}`);
    throw new Refusal(
      faults.join('\n'),
      'correct the answers these settings come from',
      EXIT.usage,
    );
  }
}
