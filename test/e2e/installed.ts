import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { ShownJob } from '../../src/cli/demo-story.ts';
import { Operator } from '../../src/cli/operator.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { ENDED } from '../../src/jobs/states.ts';
import {
  type Installation,
  installFor,
  type Rehearsal,
  type RehearsalEngine,
  startRehearsal,
} from '../../src/sandbox/rehearsal.ts';
import { type Service, startService } from '../../src/service/service.ts';
import { eventually } from '../support/eventually.ts';

/** A service in this process between two simulated far ends. */
export interface Installed {
  readonly rehearsal: Rehearsal;
  readonly installation: Installation;
  readonly service: Service;
  readonly operator: Operator;
  readonly logged: string[];
  webhook(body: object): Promise<Readonly<Record<string, unknown>>>;
  ended(jobId: unknown): Promise<ShownJob>;
  close(): Promise<void>;
}

const SMALL = { people: 60, groups: 30, latency: 0, seed: 1 };

/** `brakes` may depend on the people there are; by default as the rehearsal has them. */
export async function install(
  engine: RehearsalEngine,
  brakesFor?: (rehearsal: Rehearsal) => Partial<Config['brakes']>,
): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-'));
  const rehearsal = await startRehearsal({ ...SMALL, engine });
  const installation = installFor(rehearsal, folder, 0);
  const { configFile: file, secrets } = installation;
  const loaded = loadConfig({ file, environment: { ...secrets } });
  const brakes = { ...loaded.brakes, ...brakesFor?.(rehearsal) };
  const config = { ...loaded, brakes };
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });
  const service = await startService(config, { environment: process.env, log });
  const operator = new Operator(service.url, secrets['EXO_BRIDGE_OPERATOR_TOKEN'] ?? '');
  await eventually(
    'the service is ready',
    async () => (await operator.get('/readyz'))['ready'] === true,
    60_000,
  );
  return {
    rehearsal,
    installation,
    service,
    operator,
    logged,
    webhook: (body) =>
      operator.post('/webhooks/trelica', body, secrets['EXO_BRIDGE_WEBHOOK_TOKEN']),
    ended: (jobId) =>
      eventually(
        `job ${String(jobId)} ended`,
        async () => {
          const job = (await operator.get(`/jobs/${String(jobId)}`)) as unknown as ShownJob;
          return ENDED.some((state) => state === job.state) ? job : undefined;
        },
        60_000,
      ),
    async close() {
      await service.stop();
      await rehearsal.close();
      rmSync(folder, { recursive: true });
    },
  };
}
