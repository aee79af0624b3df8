import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readSettingsFile } from './config/settings-file.ts';
import { ServiceError } from './errors.ts';
import { WEBHOOK_FORMS } from './notices/webhook-channel.ts';
import { brakeSettings } from './offboarding/brakes.ts';
import { workflowPolicy } from './offboarding/policy.ts';
import { section } from './offboarding/section.ts';
import { PERSONAL_DATA } from './personal-data.ts';
import {
  type Needs,
  readOperatorToken,
  readPollToken,
  readSecrets,
  type Secrets,
  secretsFolderOf,
} from './secrets.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const seconds = (fallback: number, most: number) => z.int().min(1).max(most).default(fallback);

const trelica = section({
  /** Region's address, e.g. https://eu.trelica.com. */
  baseUrl: z.url({ protocol: /^https?$/ }).transform((text) => new URL(text)),
  clientId: z.string().min(1),
  requestTimeoutSeconds: seconds(30, 300),
  /** In the long run; Trelica documents no limit. */
  requestsPerSecond: z.int().min(1).max(1_000).default(10),
  /** Look up in people's records what a run lacks, with the scope People.Read. */
  peopleApi: z.boolean().default(false),
  /** For rehearsals only: lets baseUrl be plain HTTP, and only to this machine. */
  dangerouslyAllowHttpToLoopback: z.boolean().default(false),
}).refine(
  ({ baseUrl, dangerouslyAllowHttpToLoopback: allowed }) =>
    baseUrl.protocol === 'https:' || (allowed && LOOPBACK.includes(baseUrl.hostname)),
  { path: ['baseUrl'], error: 'must be https' },
);

const exchange = section({
  /** The tenant's primary name, contoso.onmicrosoft.com. */
  organization: z.string().regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'a domain name'),
  appId: z.guid(),
  signIn: z
    .enum(['certificate', 'thumbprint', 'managed-identity', 'access-token'])
    .default('certificate'),
  /** With signIn: thumbprint, on Windows only. */
  certificateThumbprint: z
    .string()
    .regex(/^[0-9A-Fa-f]{40}$/, '40 hexadecimal digits')
    .optional(),
  /** With signIn: managed-identity, the client id of a user-assigned identity. */
  managedIdentityAccountId: z.guid().optional(),
  environmentName: z
    .enum(['O365Default', 'O365USGovGCCHigh', 'O365USGovDoD', 'O365China', 'O365GermanyCloud'])
    .optional(),
  connectTimeoutSeconds: seconds(180, 900),
  readTimeoutSeconds: seconds(120, 3_600),
  /** The server works on for up to 15 minutes: a shorter wait gives up on work that may still be done. */
  writeTimeoutSeconds: seconds(960, 3_600),
})
  .refine(({ signIn, certificateThumbprint }) => signIn !== 'thumbprint' || certificateThumbprint, {
    path: ['certificateThumbprint'],
    error: 'must be given with signIn: thumbprint',
  })
  .refine(({ signIn }) => signIn !== 'thumbprint' || process.platform === 'win32', {
    path: ['signIn'],
    error: 'thumbprint works on Windows only, where there is a certificate store: use certificate',
  });

/** How many sessions are kept and when each is replaced, successor first. */
const sessions = section({
  minimum: z.int().min(1).max(16).default(1),
  maximum: z.int().min(1).max(16).default(2),
  recycleAfterCommands: z.int().min(10).max(1_000_000).default(2_000),
  /** Give or take a tenth. */
  recycleAfterMinutes: z.int().min(5).max(10_080).default(480),
  recycleAboveMegabytes: z.int().min(200).max(16_384).default(600),
}).refine(({ minimum, maximum }) => minimum <= maximum, {
  path: ['maximum'],
  error: 'must not be less than minimum',
});

const powershell = section({
  /** Program, or program and leading arguments. */
  command: z
    .union([z.string().min(1), z.tuple([z.string().min(1)], z.string().min(1))])
    .default('pwsh')
    .transform((value): [string, ...string[]] => (typeof value === 'string' ? [value] : value)),
  /** Folder or manifest of ExchangeOnlineManagement; without it PSModulePath decides. */
  modulePath: z.string().min(1).optional(),
  /** Exact version of the module to demand. */
  moduleVersion: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/, 'three numbers, e.g. 3.9.2')
    .optional(),
  /** Further environment variables of the sessions, e.g. HTTPS_PROXY. No secrets. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  startTimeoutSeconds: seconds(60, 600),
  sessions: sessions.prefault({}),
});

const mail = section({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
  /** Its password is EXO_BRIDGE_SMTP_PASSWORD. */
  user: z.string().min(1).optional(),
  from: z.email(),
  to: z.array(z.email()).min(1),
}).refine(
  ({ host, security, user }) =>
    security !== 'none' || user === undefined || LOOPBACK.includes(host),
  {
    path: ['security'],
    error: 'with a user it must be starttls or tls: the password would be readable',
  },
);

const listen = section({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8080),
  /** Proxies whose X-Forwarded-For is believed: addresses or networks. */
  trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional(),
}).prefault({});

/** Every setting there is. */
export const configSchema = section({
  listen,
  /** Where the queue is kept; relative to the configuration file. */
  dataDirectory: z.string().min(1).default('data'),
  /** Holds the secrets that the environment does not give; relative to the configuration file. */
  secretsDirectory: z.string().min(1).optional(),
  /** Where the workflow reaches the service: only for `exo-bridge check`. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  log: section({
    /** How addresses and names are shown in logs, notices and traces. */
    personalData: z.enum(PERSONAL_DATA).default('masked'),
  }).prefault({}),
  metrics: section({
    /** Where `GET /metrics` is served; nowhere without it. Never a public address. */
    listen: section({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(9464),
    }).optional(),
  }).prefault({}),
  telemetry: section({
    /** Traces go to `/v1/traces` there, by OTLP over HTTP. */
    otlpEndpoint: z
      .url({ protocol: /^https?$/ })
      .transform((text) => new URL(text))
      .optional(),
  }).prefault({}),
  /** Who is told when something needs a person. */
  notices: section({
    /** Posted to EXO_BRIDGE_NOTICE_URL. */
    webhook: section({ form: z.enum(WEBHOOK_FORMS) }).optional(),
    mail: mail.optional(),
  }).prefault({}),
  trelica,
  exchange,
  powershell: powershell.prefault({}),
  workflows: z.array(workflowPolicy).min(1),
  brakes: brakeSettings.prefault({}),
  retention: section({
    /** How long a job is kept after its end, with its report and history. */
    days: z.int().min(1).max(36_500).default(730),
  }).prefault({}),
  poll: section({
    /** How often to look for runs whose webhook was lost; 0: only when asked. */
    everyMinutes: z.int().min(0).max(1_440).default(10),
  }).prefault({}),
  limits: section({
    /** Leavers worked on at the same time. */
    concurrentJobs: z.int().min(1).max(32).default(2),
    /** Attempts at a job before a person must look, for faults that another attempt may cure. */
    attempts: z.int().min(1).max(100).default(6),
    requestsPerMinute: z.int().min(1).max(1_000_000).default(600),
    /** How long a stop waits for the running command. */
    stopGraceSeconds: seconds(20, 3_600),
  }).prefault({}),
});

export type Settings = Readonly<z.infer<typeof configSchema>>;
export type Config = Settings & { readonly secrets: Secrets };

export interface ConfigSources {
  readonly file: string;
  /** Where secrets come from; what was read is removed from it. */
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Reads the configuration file and the secrets and checks both. Throws `config.unreadable`, or
 * `config.invalid` with every fault at once: where it is, what is wrong, what is allowed.
 */
export function loadConfig(sources: ConfigSources): Config {
  const file = resolve(sources.file);
  const { settings, content, faults } = parseSettings(file);
  const folder = secretsFolder(content, { ...sources, file });
  const secrets = readSecrets({ environment: sources.environment, folder }, needsOf(settings));
  const all = [...faults, ...secrets.faults];
  if (settings === undefined || secrets.secrets === undefined || all.length > 0) {
    throw invalid(all);
  }
  const dataDirectory = resolve(dirname(file), settings.dataDirectory);
  return Object.freeze({ ...settings, dataDirectory, secrets: secrets.secrets });
}

/** The settings alone, for who needs no secret. Throws as `loadConfig` does. */
export function loadSettings(file: string): Settings {
  const { settings, faults } = parseSettings(resolve(file));
  if (settings === undefined || faults.length > 0) {
    throw invalid(faults);
  }
  return settings;
}

interface Parsed {
  readonly content: unknown;
  readonly settings: Settings | undefined;
  readonly faults: readonly string[];
}

function parseSettings(file: string): Parsed {
  const { content, faultsOf } = readSettingsFile(file);
  const { data: settings, error } = configSchema.safeParse(content);
  const issues = error?.issues ?? twiceConfigured(settings?.workflows ?? []);
  return { content, settings, faults: faultsOf(issues) };
}

function invalid(faults: readonly string[]): ServiceError {
  return new ServiceError('config.invalid', faults.join('\n'), {
    facts: { faults: faults.length },
  });
}

/**
 * The operator's token for a command that talks to the running service: from the environment, or else from
 * the secrets folder that the configuration names, if there is a configuration. Throws `config.invalid`.
 */
export function loadOperatorToken(sources: ConfigSources): string {
  return readOperatorToken(sources.environment, folderOfSecrets(sources));
}

/** The same for a command that only asks for a sweep: the poll token is enough. */
export function loadPollToken(sources: ConfigSources): string {
  return readPollToken(sources.environment, folderOfSecrets(sources));
}

const namesListen = z.looseObject({ listen });

/** Where the service of this configuration is reached on its own machine; without one, where it listens by default. */
export function loadServiceUrl(file: string): string {
  const named = namesListen.safeParse(contentOf(resolve(file))).data?.listen;
  const { host, port } = named ?? listen.parse({});
  const isAnywhere = host === '0.0.0.0' || host === '::';
  const reached = isAnywhere ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host;
  return `http://${reached}:${port}`;
}

function folderOfSecrets({ file: name, environment }: ConfigSources): string | undefined {
  const file = resolve(name);
  return secretsFolder(contentOf(file), { file, environment });
}

/** What the file says, with its faults; nothing if there is none. */
function contentOf(file: string): unknown {
  return existsSync(file) ? readSettingsFile(file).content : {};
}

const namesSecrets = z.looseObject({ secretsDirectory: z.string().min(1) });

/** Also of a file with faults, so that those of the secrets are told at once. */
function secretsFolder(content: unknown, { file, environment }: ConfigSources): string | undefined {
  const named = namesSecrets.safeParse(content).data?.secretsDirectory;
  return (
    secretsFolderOf(environment) ??
    (named === undefined ? undefined : resolve(dirname(file), named))
  );
}

function needsOf(settings: Settings | undefined): Needs {
  return {
    signIn: settings?.exchange.signIn ?? 'certificate',
    noticeUrl: settings?.notices.webhook !== undefined,
    smtpPassword: settings?.notices.mail?.user !== undefined,
  };
}

/** The environment this process was started with. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/** Two policies for one step: nobody could tell which of them a run means. */
function twiceConfigured(
  workflows: readonly { workflow: string; step: string }[],
): z.core.$ZodIssue[] {
  const places = workflows.map(({ workflow, step }) => JSON.stringify([workflow, step]));
  return workflows.flatMap(({ workflow, step }, index) =>
    places.indexOf(places[index] ?? '') < index
      ? [
          {
            code: 'custom',
            path: ['workflows', index, 'workflow'],
            message: `${workflow} is there already with the step ${step}`,
            input: workflow,
          },
        ]
      : [],
  );
}
