import { pino } from 'pino';
import { startSession } from '../../src/powershell/start-session.ts';

/**
 * Stands in for a service that is about to be killed: holds sessions that are idle, busy and deaf,
 * says the ids of their shells on one line, and waits.
 *
 *   session-holder.ts <folder> <worker script> <module> <shell> [arguments of the shell]
 */
const [baseDirectory = '', workerScript = '', name = '', program = '', ...leading] =
  process.argv.slice(2);
const allow = { 'Get-Row': ['Count'], 'Wait-Politely': [], 'Wait-Deaf': [] };

const pids: number[] = [];
const log = pino({
  hooks: {
    logMethod([facts]) {
      const pid: unknown = (facts as { workerPid?: unknown }).workerPid;
      if (typeof pid === 'number') {
        pids.push(pid);
      }
    },
  },
});
for (const command of ['Get-Row', 'Wait-Politely', 'Wait-Deaf']) {
  const session = await startSession({
    command: [program, ...leading],
    workerScript,
    baseDirectory,
    inherited: process.env,
    environment: {},
    startTimeoutMs: 30_000,
    log,
  });
  await session.prepare({ modules: [{ name }], allow }, { timeoutMs: 30_000 });
  const running = session.run({ command, parameters: {}, properties: [] }, { timeoutMs: 600_000 });
  await (command === 'Get-Row' ? running : session.ping(10_000));
}
console.log(JSON.stringify(pids));
setInterval(() => undefined, 60_000);
