import type { ErrorCode } from '../errors.ts';

/** What a person can do about a failure, in one line. The whole list, for jobs too: docs/errors.md. */
const CURES: Partial<Record<ErrorCode, string>> = {
  'config.invalid': 'correct each place that is named, then look again: exo-bridge check --offline',
  'config.unreadable': 'name the file with --config, or make one: exo-bridge init',
  'certificate.unreadable':
    'correct the secret certificate-password (EXO_BRIDGE_CERTIFICATE_PASSWORD), or export the PFX again; exo-bridge cert show tries both',
  'certificate.expired':
    'exo-bridge cert create makes a new one: upload its CER to the app, then put PFX and password in the place of the old ones',
  'certificate.no-key': 'export the certificate again together with its private key',
  'certificate.not-written': 'name another folder with --out, or move the old files away',
  'service.internal': 'report it with what is shown here',
  'http.unauthorized': 'use the operator token of the service that runs there',
  'http.unknown-workflow': 'use a name or id that stands under workflows in the configuration',
  'http.unavailable':
    'see that the service runs and listens there: exo-bridge serve, or name it with --url',
  'jobs.not-found': 'list the jobs there are: exo-bridge jobs list',
  'jobs.store-unusable': 'stop the other instance, free the disk, or use the newer program',
  'jobs.store-damaged': 'put the copy in its place: docs/operating.md, "Backup and restore"',
  'jobs.backup-failed':
    'free the disk, see the rights of the folder backups; if the queue is damaged: docs/operating.md, "Backup and restore"',
  'jobs.not-retryable':
    'see how it stands with exo-bridge jobs show: one that waits goes on by itself',
  'jobs.not-undoable': 'see what it has changed: exo-bridge jobs show',
  'jobs.not-cancellable': 'take back what it has changed: exo-bridge undo',
  'jobs.not-held': 'see how it stands: exo-bridge jobs show',
  'trelica.unreachable': 'check trelica.baseUrl, the network and the proxy',
  'trelica.credentials-refused':
    'correct trelica.clientId or the secret trelica-client-secret, and see that the app was saved in Trelica',
  'trelica.forbidden':
    'give the API app the scopes Workflows.Read, Workflows.Runs.Read and Workflows.Runs.Execute',
  'trelica.workflow-not-found': 'correct workflows[].workflow',
  'trelica.workflow-ambiguous': 'configure the id of the workflow instead of its name',
  'trelica.step-not-found': 'correct workflows[].step',
  'trelica.throttled': 'wait some minutes; nothing is wrong here',
  'trelica.server-error': 'wait; if it lasts, see https://status.trelica.com',
  'trelica.answer-foreign': 'see whether a proxy or a sign-in page answers at trelica.baseUrl',
  'trelica.run-not-found': 'see that the ids are those of a run of this workflow',
  'trelica.run-ambiguous': 'name the run by its ids instead of the person',
  'trelica.action-not-offered': 'correct workflows[].action, or the name of the action in Trelica',
  'trelica.person-unknown': 'correct the person in Trelica, or set trelica.peopleApi',
  'powershell.not-installed': 'install PowerShell 7.4 or newer, or name it in powershell.command',
  'powershell.start-failed': 'start the program of powershell.command by hand as the same user',
  'powershell.unavailable': 'see each part of the connection: exo-bridge check',
  'exchange.sign-in-refused': 'see each part of the connection: exo-bridge check',
  'exchange.module-missing': 'install ExchangeOnlineManagement, or correct powershell.modulePath',
  'exchange.module-unsuitable': 'install what is named, or correct powershell.moduleVersion',
  'exchange.throttled': 'wait some minutes; nothing is wrong here',
  'exchange.server-trouble': 'wait; if it lasts, see the service health of Microsoft 365',
  'exchange.session-gone': 'see whether a role is missing: exo-bridge check',
  'exchange.access-denied': 'assign the roles that are needed: exo-bridge permissions',
};

/** Never empty: what has no line of its own has one on the page. */
export function cureOf(code: ErrorCode): string {
  return CURES[code] ?? `see ${code} in docs/errors.md`;
}
