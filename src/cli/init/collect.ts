import { z } from 'zod';
import { ask, askHidden } from '../ask.ts';
import { EXIT } from '../exit.ts';
import { Refusal } from '../failure.ts';
import { readGivenFile } from '../given-file.ts';
import { type AnswerName, type Answers, answers, QUESTIONS } from './answers.ts';
import type { GivenSecrets } from './write-files.ts';

export interface Given extends Partial<Record<AnswerName, string>> {
  /** A JSON file with answers. */
  readonly answers?: string;
}

/**
 * Options first, then the answers file, then what is `known` from elsewhere, then, if somebody is there, the
 * person, except for what is `unasked`, then what is usual. Throws a refusal that tells every wrong and every missing answer.
 */
export async function collectAnswers(
  options: Given,
  isAsking: boolean,
  known: Partial<z.input<typeof answers>> = {},
  unasked: readonly AnswerName[] = [],
): Promise<Answers> {
  const given: Record<string, unknown> = {
    ...known,
    ...fromFile(options.answers),
    ...fromOptions(options),
  };
  const questions = QUESTIONS.filter(({ name }) => !unasked.includes(name));
  for (const question of isAsking ? questions : []) {
    given[question.name] ??= await askUntilRight(question);
  }
  const parsed = answers.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => {
      const isMissing = given[String(path[0])] === undefined;
      return `${optionOf(path)}: ${isMissing ? 'is needed' : message}`;
    });
    const cure = 'give each as an option, or run it on a terminal, where it asks';
    throw new Refusal(faults.join('\n'), cure, EXIT.usage);
  }
  return parsed.data;
}

/** The secrets that somebody else made; those for which no file was named are asked for, unseen. */
export async function collectSecrets(
  { clientSecretFile, webhookTokenFile, certificate, certificatePasswordFile }: Answers,
  isAsking: boolean,
): Promise<GivenSecrets> {
  const secret = async (file: string | undefined, question: string) =>
    file === undefined && isAsking ? (await askHidden(question)) || undefined : readSecret(file);
  return {
    ...(webhookTokenFile === undefined
      ? {}
      : { EXO_BRIDGE_WEBHOOK_TOKEN: readSecret(webhookTokenFile) }),
    EXO_BRIDGE_TRELICA_CLIENT_SECRET: await secret(
      clientSecretFile,
      'Client secret of the API app (not shown; empty to add it later): ',
    ),
    EXO_BRIDGE_CERTIFICATE: certificate === undefined ? undefined : readGivenFile(certificate),
    EXO_BRIDGE_CERTIFICATE_PASSWORD:
      certificate === undefined
        ? undefined
        : await secret(
            certificatePasswordFile,
            'Password of the PFX (not shown; empty to add it later): ',
          ),
  };
}

async function askUntilRight({ name, text, usual }: (typeof QUESTIONS)[number]) {
  for (;;) {
    const shown = usual ? ` [${usual}]` : '';
    const answer = (await ask(`${text}${shown}: `)) || usual || undefined;
    const fault = answers.shape[name].safeParse(answer).error?.issues[0]?.message;
    if (fault === undefined) {
      return answer;
    }
    console.log(`  ${fault}`);
  }
}

function fromOptions(options: Given): Readonly<Record<string, string>> {
  const names = Object.keys(answers.shape) as AnswerName[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const answer = options[name];
      return answer === undefined ? [] : [[name, answer]];
    }),
  );
}

function fromFile(file: string | undefined): Readonly<Record<string, unknown>> {
  const content = file === undefined ? {} : parseJson(readGivenFile(file).toString());
  const parsed = z.record(z.string(), z.unknown()).safeParse(content);
  if (!parsed.success) {
    const cure =
      'write a JSON object with the answers, by the names of the options: appId, clientId, …';
    throw new Refusal(`${file} holds no answers`, cure, EXIT.usage);
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

function readSecret(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readGivenFile(file).toString().trim();
}

/** `appId` → `--app-id`, as whoever typed it knows it. */
function optionOf([name]: readonly PropertyKey[]): string {
  return `--${String(name ?? 'answers').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
