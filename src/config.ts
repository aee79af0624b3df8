import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ServiceError } from './errors.ts';
import { brakeSettings } from './offboarding/brakes.ts';
import { workflowPolicy } from './offboarding/policy.ts';
import { section } from './offboarding/section.ts';
import { readSecrets, type Secrets } from './secrets.ts';

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

const schema = section({
  listen: section({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(8080),
    /** Proxies whose X-Forwarded-For is believed: addresses or networks. */
    trustedProxies: z.array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()])).optional(),
  }).prefault({}),
  /** Where the queue is kept; relative to the configuration file. */
  dataDirectory: z.string().min(1).default('data'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
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

export type Config = Readonly<z.infer<typeof schema>> & { readonly secrets: Secrets };

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
  const parsed = schema.safeParse(readYaml(file));
  const faults = parsed.success ? twiceConfigured(parsed.data.workflows) : faultsOf(parsed.error);
  const signIn = parsed.success ? parsed.data.exchange.signIn : 'certificate';
  const secrets = readSecrets(sources.environment, signIn);
  const all = [...faults.map((fault) => `${file}: ${fault}`), ...secrets.faults];
  if (!parsed.success || all.length > 0 || secrets.secrets === undefined) {
    throw new ServiceError('config.invalid', all.join('\n'), { facts: { faults: all.length } });
  }
  const dataDirectory = resolve(dirname(file), parsed.data.dataDirectory);
  return Object.freeze({ ...parsed.data, dataDirectory, secrets: secrets.secrets });
}

/** The environment this process was started with. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

function readYaml(file: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines, uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    const [what] = fault.message.split('\n');
    throw new ServiceError('config.invalid', `${file}:${line}:${col}: ${what}`);
  }
  if (!isMap(document.contents)) {
    throw new ServiceError('config.invalid', `${file}: a map of settings was expected`);
  }
  return document.toJS({ maxAliasCount: 0 });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `the configuration file can't be read: ${file}`;
    throw new ServiceError('config.unreadable', message, { cause });
  }
}

function faultsOf(error: z.ZodError): readonly string[] {
  return error.issues.map(
    (issue) => `${z.core.toDotPath(issue.path) || '(top level)'}: ${issue.message}`,
  );
}

/** Two policies for one step: nobody could tell which of them a run means. */
function twiceConfigured(workflows: readonly { workflow: string; step: string }[]): string[] {
  const places = workflows.map(({ workflow, step }) => JSON.stringify([workflow, step]));
  return workflows.flatMap(({ workflow, step }, index) =>
    places.indexOf(places[index] ?? '') < index
      ? [`workflows[${index}]: ${workflow} is there already with the step ${step}`]
      : [],
  );
}
