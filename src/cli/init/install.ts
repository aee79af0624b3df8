import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { secretFileName } from '../../secrets.ts';
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

/** Writes the configuration and the folder of secrets beside it. Throws a refusal, and has written nothing then. */
export function install(parts: Installing): Made {
  const { configFile, answers, isReplacing } = parts;
  const folder = dirname(resolve(configFile));
  const secretsFolder = join(folder, 'secrets');
  const config = writeGuarded(configFile, renderConfig(answers, folder), isReplacing);
  const secrets = writeSecrets(secretsFolder, parts.secrets);
  const tokenFile = join(secretsFolder, secretFileName('EXO_BRIDGE_WEBHOOK_TOKEN'));
  const token = readFileSync(tokenFile, 'utf8').trim();
  return { config, secrets, answers, webhookToken: parts.isTokenShown ? token : undefined };
}
