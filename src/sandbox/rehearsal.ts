import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type CreatedCertificate, createCertificate } from '../certificate/create-certificate.ts';
import { type RunningTenant, startTenant } from './tenant/start-tenant.ts';
import { type RunningTrelica, startTrelica } from './trelica/start-trelica.ts';
import { SIGNAL_TITLE } from './trelica/workflow.ts';

export interface RehearsalOptions {
  /** People with mailboxes, and groups, of the simulated tenant. */
  readonly people: number;
  readonly groups: number;
  /** How long every answer of both far ends takes, in milliseconds. */
  readonly latency: number;
  /** The same seed makes the same tenant. */
  readonly seed: number;
  readonly engine: RehearsalEngine;
}

/** Which program runs the sessions: the real pwsh with the stand-in module, or a stand-in for both. */
export interface RehearsalEngine {
  readonly name: 'pwsh' | 'stand-in';
  readonly command: readonly [string, ...string[]];
}

/** Both far ends of the service, running on free ports of this machine. */
export interface Rehearsal {
  readonly trelica: RunningTrelica;
  readonly tenant: RunningTenant;
  readonly certificate: CreatedCertificate;
  readonly engine: RehearsalEngine;
  close(): Promise<void>;
}

const MODULE = resolve(
  import.meta.dirname,
  'ExchangeOnlineManagement/ExchangeOnlineManagement.psd1',
);

/** A day, so that a rehearsal shows what is told of a certificate that ends soon. */
const VALID_MS = 24 * 60 * 60_000;

export async function startRehearsal(options: RehearsalOptions): Promise<Rehearsal> {
  const { people, groups, latency: latencyMs, seed } = options;
  const certificate = await createCertificate('exo-bridge rehearsal', VALID_MS);
  const { thumbprint } = certificate;
  const tenant = await startTenant({ people, groups, seed, latencyMs, thumbprint });
  const staff = new Map(tenant.people.map(({ name, email }) => [email, { name, email }]));
  const trelica = await startTrelica({
    seed,
    latencyMs,
    people: tenant.people.map(({ name, email, managerEmail }) => ({
      name,
      email,
      // Personnel systems name managers who left long ago: Exchange does not know them.
      lineManager:
        managerEmail === undefined
          ? undefined
          : (staff.get(managerEmail) ?? { name: managerEmail, email: managerEmail }),
    })),
  });
  return {
    trelica,
    tenant,
    certificate,
    engine: options.engine,
    async close() {
      await trelica.close();
      await tenant.close();
    },
  };
}

/** Runs nothing but the service's own frames and the simulated tenant's cmdlets. */
export const STAND_IN: RehearsalEngine = {
  name: 'stand-in',
  command: [process.execPath, resolve(import.meta.dirname, 'pwsh-stand-in.ts')],
};

export interface Installation {
  readonly configFile: string;
  /** The secrets, by the variables the service reads. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** What most services of a rehearsal are to do. */
const OPERATIONS = { 'delegate-access': {}, 'leave-groups': {}, 'convert-to-shared': {} };

/** Writes the configuration of a service that is to work on this rehearsal. */
export function installFor(
  { trelica, tenant, certificate, engine }: Rehearsal,
  folder: string,
  port: number,
  operations: Readonly<Record<string, object>> = OPERATIONS,
): Installation {
  const configFile = join(folder, 'exo-bridge.yaml');
  const config = {
    listen: { host: '127.0.0.1', port },
    dataDirectory: 'data',
    trelica: {
      baseUrl: trelica.baseUrl,
      clientId: trelica.clientId,
      dangerouslyAllowHttpToLoopback: true,
      // This Trelica is nobody's but ours.
      requestsPerSecond: 1_000,
    },
    exchange: { organization: tenant.organization, appId: tenant.appId },
    powershell: sessionSettings({ tenant, engine }),
    workflows: [
      {
        workflow: trelica.workflow.name,
        step: SIGNAL_TITLE,
        action: 'Continue',
        operations,
      },
    ],
    // Nobody real leaves in a rehearsal, however many do.
    brakes: { perHour: 100_000, perDay: 100_000 },
    // In a rehearsal nothing happens that nobody asked for.
    poll: { everyMinutes: 0 },
    // In a rehearsal one address is everybody: the workflow, the operator and whoever watches.
    limits: { requestsPerMinute: 1_000_000 },
  };
  writeFileSync(configFile, stringify(config), { mode: 0o600 });
  return {
    configFile,
    secrets: {
      EXO_BRIDGE_WEBHOOK_TOKEN: newToken(),
      EXO_BRIDGE_POLL_TOKEN: newToken(),
      EXO_BRIDGE_OPERATOR_TOKEN: newToken(),
      EXO_BRIDGE_TRELICA_CLIENT_SECRET: trelica.clientSecret,
      EXO_BRIDGE_CERTIFICATE: certificate.pfx.toString('base64'),
      EXO_BRIDGE_CERTIFICATE_PASSWORD: certificate.password,
    },
  };
}

/** The section `powershell` of a service that is to work on this rehearsal. */
export function sessionSettings({ tenant, engine }: Pick<Rehearsal, 'tenant' | 'engine'>) {
  return {
    command: [...engine.command],
    modulePath: MODULE,
    environment: { EXO_SANDBOX_TENANT: tenant.url },
  };
}

function newToken(): string {
  return randomBytes(32).toString('hex');
}
