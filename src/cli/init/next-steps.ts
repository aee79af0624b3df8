import { basename, dirname } from 'node:path';
import type { Made } from './install.ts';

/** What the workflow's API request step sends. */
export function requestOf({ answers, secrets, webhookToken }: Made) {
  const base = (answers.publicUrl ?? 'https://YOUR-HOST').replace(/\/+$/, '');
  const file = secrets.find((one) => basename(one.file) === 'webhook-token')?.file ?? '';
  const token = webhookToken ?? `<the content of ${file}>`;
  return {
    method: 'POST',
    url: `${base}/webhooks/trelica`,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: { workflow: answers.workflow[0], email: "<the person's e-mail address>" },
    bodyWithIds: { workflowId: "<the workflow's id>", runId: "<the run's id>" },
  };
}

/** What is left for a person, in order, each with how to see that it worked. */
export function nextSteps(made: Made): readonly string[] {
  const { answers } = made;
  const configFile = made.config.file;
  const option = configFile === 'exo-bridge.yaml' ? '' : ` --config ${configFile}`;
  const { url, headers, body, bodyWithIds } = requestOf(made);
  const [workflow = ''] = answers.workflow;
  return [
    ...missingSteps(made),
    `Give the Entra app its roles; the script is printed by: npx exo-bridge permissions${option}`,
    [
      `In the workflow ${answers.workflow.join(', ')}, add an API request step before the Signal step:`,
      `POST ${url}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      JSON.stringify(bodyWithIds),
      'or, if the step cannot send ids:',
      JSON.stringify(body),
    ].join('\n   '),
    `See that everything works: npx exo-bridge check${option}`,
    `See what would be done for somebody: npx exo-bridge plan${option} --workflow ${JSON.stringify(workflow)} --email ADDRESS`,
    `Start it: npx exo-bridge serve${option}`,
  ];
}

function missingSteps({ secrets, answers: { organization } }: Made): readonly string[] {
  const missing = secrets.filter(({ what }) => what === 'missing').map(({ file }) => file);
  const pfx = missing.find((file) => basename(file) === 'certificate.pfx');
  return missing.flatMap((file) => {
    if (file === pfx) {
      return [certificateStep(dirname(file), organization)];
    }
    // Made together with the PFX.
    const isMade = pfx !== undefined && basename(file) === 'certificate-password';
    return isMade ? [] : [`Put the secret into ${file}, readable by you alone: chmod 600 ${file}`];
  });
}

function certificateStep(folder: string, organization: string): string {
  return [
    'Make a certificate, and upload its CER to the Entra app; or put your own there as certificate.pfx and certificate-password:',
    `npx exo-bridge cert create --organization ${organization} --secrets ${folder}`,
  ].join('\n   ');
}
