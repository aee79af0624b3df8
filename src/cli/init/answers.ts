import { z } from 'zod';
import { OPERATIONS } from '../../offboarding/operations/list.ts';
import type { OperationKind } from '../../offboarding/operations/operation.ts';

const REGIONS: Readonly<Record<string, string>> = {
  us: 'https://app.trelica.com',
  eu: 'https://eu.trelica.com',
};
const kinds: readonly OperationKind[] = OPERATIONS;
/** Operations that work as they are; what needs settings of its own is written into the file by hand. */
const NAMES = kinds.flatMap(({ name, settings }) => (settings.safeParse({}).success ? [name] : []));

const line = z
  .string()
  .trim()
  .min(1)
  .regex(/^\P{C}+$/u, 'one line of text');

/** What a configuration is made of. The names are those of the options and of an answers file. */
export const answers = z.strictObject({
  organization: z
    .string()
    .regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, 'a domain name, e.g. contoso.onmicrosoft.com'),
  appId: z.guid('a GUID: Entra › App registrations › the app › Application (client) ID'),
  /** `us`, `eu`, or an address. */
  region: z
    .string()
    .transform((text) => REGIONS[text.toLowerCase()] ?? text)
    .pipe(z.url({ protocol: /^https?$/, error: 'us, eu, or the address of your region' })),
  clientId: line,
  workflow: z
    .union([line.transform((name) => [name]), z.array(line).min(1)])
    .default(['Person leaves']),
  step: line.default('Signal'),
  action: line.default('Continue'),
  operations: z
    .union([
      z.string().transform((text) => text.split(',').map((name) => name.trim())),
      z.array(z.string()),
    ])
    .pipe(z.array(z.enum(NAMES, `some of ${NAMES.join(', ')}, with commas between them`)).min(1))
    .default(['delegate-access', 'leave-groups', 'convert-to-shared']),
  /** Of the operations, by their names; defaults where there are none. */
  operationSettings: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  publicUrl: z.url({ protocol: /^https?$/, error: 'an http or https address' }).optional(),
  /** Files whose content becomes a secret. */
  clientSecretFile: z.string().optional(),
  /** Of a workflow that is there already; else one is made. */
  webhookTokenFile: z.string().optional(),
  certificate: z.string().optional(),
  certificatePasswordFile: z.string().optional(),
  /** The section of this name, for a rehearsal or an unusual place of pwsh. */
  powershell: z.record(z.string(), z.unknown()).optional(),
});
export type Answers = z.infer<typeof answers>;
export type AnswerName = keyof z.input<typeof answers>;

/** What a person is asked, in this order, where no option gave the answer. */
export const QUESTIONS: readonly {
  readonly name: AnswerName;
  readonly text: string;
  readonly usual?: string;
}[] = [
  { name: 'organization', text: 'Primary name of the Microsoft 365 tenant (….onmicrosoft.com)' },
  { name: 'appId', text: 'Application (client) ID of the Entra app' },
  { name: 'region', text: 'Region of Trelica: us, eu, or its address', usual: 'eu' },
  { name: 'clientId', text: 'Client ID of the API app in Trelica' },
  { name: 'workflow', text: 'Name of the workflow', usual: 'Person leaves' },
  { name: 'step', text: 'Title of its Signal step', usual: 'Signal' },
  {
    name: 'operations',
    text: `Operations, with commas between them, of ${NAMES.join(', ')}`,
    usual: 'delegate-access, leave-groups, convert-to-shared',
  },
  {
    name: 'certificate',
    text: 'PFX file of the certificate; empty if it is still to be made',
    usual: '',
  },
  {
    name: 'publicUrl',
    text: 'Public address of the service; empty if there is none yet',
    usual: '',
  },
];
