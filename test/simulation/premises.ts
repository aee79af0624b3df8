import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Directory } from '../../src/sandbox/tenant/directory.ts';
import { describePerson, peopleOf, populate } from '../../src/sandbox/tenant/populate.ts';
import { SIGNAL_TITLE, type TrelicaPerson } from '../../src/sandbox/trelica/workflow.ts';
import { createFront, type Front } from './front.ts';

/** What all simulations of one worker share, because making it takes longer than using it. */
export interface Premises {
  readonly front: Front;
  /** One for each policy. */
  readonly configs: readonly Config[];
  /** As every tenant begins. */
  readonly directory: Directory;
  readonly people: readonly TrelicaPerson[];
  /** Where the disks are: in memory, where the system has such a place. */
  readonly root: string;
}

const WEBHOOK_TOKEN = 'webhook-token-of-the-simulation';
const POLL_TOKEN = 'poll-token-of-the-simulation';
const OPERATOR_TOKEN = 'operator-token-of-the-simulation';
export const TOKENS = { webhook: WEBHOOK_TOKEN, poll: POLL_TOKEN, operator: OPERATOR_TOKEN };

/** Whose post-conditions the ledger checks. */
const COMMON = {
  'delegate-access': {},
  'leave-groups': {},
  'convert-to-shared': {},
  'hide-from-address-lists': {},
};
/** Also without what must not happen twice: such work may end with a person. */
const POLICIES = [
  COMMON,
  {
    ...COMMON,
    'cancel-meetings': { days: 365 },
    'mobile-devices': { wipe: 'account' },
    'rights-elsewhere': {},
  },
];

const POPULATION = { people: 0, groups: 0, contacts: 3, seed: 1 };
const IN_MEMORY = '/dev/shm';

export async function openPremises(): Promise<Premises> {
  const root = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'simulation-'));
  const configs = POLICIES.map((operations) => configure(root, operations));
  const [config] = configs;
  if (config === undefined) {
    throw new Error('there is no policy');
  }
  const people = peopleOf(POPULATION).map(describePerson);
  const names = new Map(people.map(({ name, email }) => [email, name]));
  return {
    root,
    configs,
    front: await createFront(config),
    directory: populate(POPULATION),
    people: people.map(({ name, email, managerEmail }) => ({
      name,
      email,
      lineManager: managerEmail && {
        name: names.get(managerEmail) ?? managerEmail,
        email: managerEmail,
      },
    })) as readonly TrelicaPerson[],
  };
}

export function closePremises({ root }: Premises): void {
  rmSync(root, { recursive: true, force: true });
}

function configure(folder: string, operations: object): Config {
  const file = join(folder, 'exo-bridge.yaml');
  writeFileSync(
    file,
    stringify({
      trelica: { baseUrl: 'https://trelica.example', clientId: 'the-simulation' },
      exchange: {
        organization: 'contoso.onmicrosoft.com',
        appId: '5b09ba75-0000-4000-8000-000000000001',
        signIn: 'managed-identity',
      },
      workflows: [
        {
          workflow: 'Person leaves',
          step: SIGNAL_TITLE,
          operations,
        },
      ],
      limits: { requestsPerMinute: 1_000_000 },
    }),
  );
  return loadConfig({
    file,
    environment: {
      EXO_BRIDGE_WEBHOOK_TOKEN: WEBHOOK_TOKEN,
      EXO_BRIDGE_POLL_TOKEN: POLL_TOKEN,
      EXO_BRIDGE_OPERATOR_TOKEN: OPERATOR_TOKEN,
      EXO_BRIDGE_TRELICA_CLIENT_SECRET: 'replaced by that of each simulated Trelica',
    },
  });
}
