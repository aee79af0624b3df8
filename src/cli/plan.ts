import { rmSync } from 'node:fs';
import type { Command } from 'commander';
import { destination } from 'pino';
import { systemClock } from '../clock.ts';
import { environment, loadConfig } from '../config.ts';
import { ServiceError } from '../errors.ts';
import { createLog } from '../log.ts';
import type { EmailAddress } from '../offboarding/address.ts';
import type { Preview } from '../offboarding/preview.ts';
import { previewText } from '../offboarding/preview-text.ts';
import { findProgram } from '../powershell/program.ts';
import { exchangesOn } from '../service/assemble.ts';
import { createExchangeSessions } from '../service/exchange-sessions.ts';
import { createPlanner } from '../service/planner.ts';
import { connectTrelica } from '../service/trelica-connection.ts';
import { createWorkflowFinder } from '../service/workflow-finder.ts';
import { act } from './act.ts';
import { address } from './arguments.ts';
import { GROUP } from './groups.ts';

export function registerPlan(program: Command): void {
  program
    .command('plan')
    .helpGroup(GROUP.run)
    .description('show what would be done for a leaver; reads only, changes and signals nothing')
    .requiredOption('--workflow <name>', 'name or id of the workflow, as configured')
    .option('--step <title>', 'its Signal step, where several are configured')
    .requiredOption('--email <address>', 'address of the person who leaves', address)
    .option(
      '--manager <address>',
      'line manager, instead of the one the waiting run names',
      address,
    )
    .option('--config <file>', 'configuration of the service', 'exo-bridge.yaml')
    .option('--json', 'print one JSON document instead of the text')
    .addHelpText(
      'after',
      '\nExample:\n  exo-bridge plan --workflow "Person leaves" --email lee@example.org',
    )
    .action((options) => act(options, (interrupted) => plan(options, interrupted)));
}

export interface PlanOptions {
  readonly config: string;
  readonly workflow: string;
  /** Where several of the workflow are configured. */
  readonly step?: string;
  readonly email: EmailAddress;
  readonly manager?: EmailAddress;
  readonly json?: boolean;
}

/** Long enough for a first connection and all readings. */
const WITHIN_MS = 300_000;

/**
 * Prints what the configured service would do, in a session of its own: no service needs to run. Returns
 * the exit code: 1 if a finding would keep everything from being changed.
 */
export async function plan(options: PlanOptions, interrupted: AbortSignal): Promise<number> {
  const preview = await makePlan(options, interrupted);
  console.log(
    options.json ? JSON.stringify(preview, undefined, 2) : previewText(preview).trimEnd(),
  );
  return preview.stopped ? 1 : 0;
}

async function makePlan(
  { config: file, email, manager, ...wanted }: PlanOptions,
  interrupted: AbortSignal,
): Promise<Preview> {
  const variables = environment();
  const config = loadConfig({ file, environment: variables });
  const { personalData } = config.log;
  const log = createLog({ level: 'warn', personalData }, destination({ dest: 2, sync: true }));
  findProgram(config.powershell.command[0], variables['PATH'] ?? '');
  const { pool, folder } = createExchangeSessions(config, { environment: variables, log });
  // Whoever waits for a session is refused then.
  interrupted.addEventListener('abort', () => void pool.stop({ graceMs: 0 }));
  const { runs, people, directory, close } = connectTrelica(config, {
    fetch,
    clock: systemClock,
    random: Math.random,
    log,
  });
  try {
    pool.start();
    const exchangeFor = exchangesOn(pool, config);
    const planner = {
      directory,
      runs,
      people,
      exchangeFor,
      brakes: config.brakes,
      log,
      now: () => systemClock.now(),
      withinMs: WITHIN_MS,
    };
    return await createPlanner(planner)({
      ...(await placeOf(wanted, directory)),
      about: { email, ...(manager === undefined ? {} : { managerEmail: manager }) },
    });
  } finally {
    close();
    await pool.stop({ graceMs: 0 });
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function placeOf(
  { workflow, step }: Pick<PlanOptions, 'workflow' | 'step'>,
  directory: Parameters<typeof createWorkflowFinder>[0],
): Promise<{ readonly workflowId: string; readonly step: string }> {
  const found = await createWorkflowFinder(directory)(workflow, step);
  if (found === undefined) {
    throw new ServiceError(
      'http.unknown-workflow',
      `no workflow of the configuration has the name or id ${workflow}, or none with this step`,
    );
  }
  const { workflowId, steps } = found;
  if (steps.length > 1) {
    throw new ServiceError(
      'http.unknown-workflow',
      `several steps of this workflow are configured: name one with --step (${steps.join(', ')})`,
    );
  }
  return { workflowId, step: steps[0] };
}
