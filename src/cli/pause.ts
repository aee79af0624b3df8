import type { Command } from 'commander';
import { act } from './act.ts';
import { askingService, granted, operatorAt, type ServiceOptions } from './granted.ts';
import { GROUP } from './groups.ts';

/** `exo-bridge pause` and `exo-bridge resume`. */
export function registerPause(program: Command): void {
  askingService(program.command('pause'))
    .helpGroup(GROUP.lookAfter)
    .description('begin no more work until resumed, also over a restart; work is still accepted')
    .option('--reason <text>', 'why, for whoever looks later')
    .addHelpText('after', '\nExample:\n  exo-bridge pause --reason "tenant move"')
    .action((options) => act(options, () => pause(options)));
  askingService(program.command('resume'))
    .helpGroup(GROUP.lookAfter)
    .description('begin work again')
    .addHelpText('after', '\nExample:\n  exo-bridge resume')
    .action((options) => act(options, () => ask('/resume', {}, options)));
}

function pause({ reason, ...options }: ServiceOptions & { reason?: string }): Promise<number> {
  return ask('/pause', reason === undefined ? {} : { reason }, options);
}

async function ask(path: string, body: object, options: ServiceOptions): Promise<number> {
  const answer = await granted(operatorAt(options).post(path, body));
  const text = answer['paused'] === true ? `Paused since ${String(answer['since'])}.` : 'At work.';
  console.log(options.json ? JSON.stringify(answer) : text);
  return 0;
}
