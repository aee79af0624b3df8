import { relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import { OPERATIONS } from '../../offboarding/operations/list.ts';
import type { OperationKind } from '../../offboarding/operations/operation.ts';
import type { Answers } from './answers.ts';

const kinds: readonly OperationKind[] = OPERATIONS;

const SCHEMA = resolve(import.meta.dirname, '../../../deploy/exo-bridge.schema.json');

/** The configuration as a commented file, to stand in `folder`, with the secrets in `secrets` beside it. */
export function renderConfig(answers: Answers, folder: string): string {
  const { region, clientId, organization, appId, workflow } = answers;
  return `# yaml-language-server: $schema=${relative(folder, SCHEMA)}
# Settings of exo-bridge. All there are, with their defaults: README.md. After a change: exo-bridge check

# Where the service listens. Put a TLS proxy in front of it, and name that in trustedProxies.
listen:
  host: 127.0.0.1
  port: 8080
${publicUrlLines(answers.publicUrl)}
# The queue, with personal data of the leavers. Relative to this file, as the next one.
dataDirectory: data
# One file for each secret, readable by the service alone. None of them belongs here.
secretsDirectory: secrets

trelica:
  # us: https://app.trelica.com, eu: https://eu.trelica.com
  baseUrl: ${plain(region)}
  # Settings > API Access. Scopes: Workflows.Read, Workflows.Runs.Read, Workflows.Runs.Execute
  clientId: ${plain(clientId)}
${loopbackLines(region)}
exchange:
  organization: ${plain(organization)}
  # The Entra app with Exchange.ManageAsApp. Which roles it needs: exo-bridge permissions
  appId: ${plain(appId)}
  signIn: certificate
${powershellLines(answers.powershell)}
workflows:
${workflow.map((name) => workflowLines(name, answers)).join('')}`;
}

function workflowLines(name: string, answers: Answers): string {
  const { step, action } = answers;
  return `  - workflow: ${plain(name)}
    # Title of the Signal step, and its action that means success.
    step: ${plain(step)}
    action: ${plain(action)}
    # The action for a final failure; without it the run stays waiting for a person.
    # failureAction: Failed
    # What is done, in this order. Each with its settings: docs/operations.md
    operations:
${operationLines(answers)}
`;
}

function publicUrlLines(publicUrl: string | undefined): string {
  return publicUrl === undefined
    ? '# Where the workflow reaches it, for exo-bridge check.\n# publicUrl: https://leavers.example.org\n'
    : `# Where the workflow reaches it, for exo-bridge check.\npublicUrl: ${plain(publicUrl)}\n`;
}

function loopbackLines(region: string): string {
  return region.startsWith('http:')
    ? '  # For a rehearsal only: lets the address above be plain HTTP to this machine.\n  dangerouslyAllowHttpToLoopback: true\n'
    : '';
}

function powershellLines(section: Answers['powershell']): string {
  return section === undefined
    ? '\n# Pin what was tested: the module decides what works.\n# powershell:\n#   moduleVersion: 3.9.2\n'
    : `\n${stringify({ powershell: section }, { lineWidth: 0 })}`;
}

/** Those that are not switched on stand there, too, to be found. */
function operationLines({ operations, operationSettings }: Answers): string {
  return kinds
    .map(({ name, settings }) => {
      const chosen = operationSettings[name] ?? {};
      const comment = settings.safeParse(chosen).success ? '' : ' # needs settings';
      return `      ${operations.includes(name) ? '' : '# '}${name}: ${JSON.stringify(chosen)}${comment}`;
    })
    .join('\n');
}

/** A text as YAML, quoted only if it must be. */
function plain(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd();
}
