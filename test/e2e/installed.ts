import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShownJob } from '../../src/cli/demo-story.ts';
import { Operator } from '../../src/cli/operator.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { ENDED } from '../../src/jobs/states.ts';
import { createLog } from '../../src/log.ts';
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

/** `change` may look at the people there are. */
export async function install(
  engine: RehearsalEngine,
  change: (config: Config, rehearsal: Rehearsal) => Config = (config) => config,
): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-'));
  const rehearsal = await startRehearsal({ ...SMALL, engine });
  const installation = installFor(rehearsal, folder, 0);
  const { configFile: file, secrets } = installation;
  const config = change(loadConfig({ file, environment: { ...secrets } }), rehearsal);
  const logged: string[] = [];
  const log = createLog(
    { level: 'debug', personalData: config.log.personalData },
    { write: (line: string) => logged.push(line) },
  );
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
