import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { call } from '../../cmdlets/call.ts';
import type { Config } from '../../config.ts';
import { codeOf } from '../../errors.ts';
import { type Abilities, readAbilities } from '../../exchange/abilities.ts';
import { connect, disconnect } from '../../exchange/connect.ts';
import { createExchange } from '../../exchange/exchange.ts';
import type { Session } from '../../powershell/session.ts';
import { openSessionFolders } from '../../powershell/session-folders.ts';
import { startSession } from '../../powershell/start-session.ts';
import {
  connectSettings,
  type SessionEnvironment,
  sessionOptions,
} from '../../service/exchange-sessions.ts';
import { badFrom, type Finding, good } from './finding.ts';
import { checkRoles } from './roles.ts';

const SIGN_IN = 'Sign-in to Exchange';
const MODULE = 'Module';
const READING = 'Reading';

/** A session of its own, as the service starts them: PowerShell, module, sign-in, roles, a reading. */
export async function* checkExchange(
  config: Config,
  parts: SessionEnvironment,
  interrupted: AbortSignal,
): AsyncGenerator<Finding, void> {
  const baseDirectory = openSessionFolders(tmpdir());
  let session: Session | undefined;
  try {
    session = await startSession({
      ...sessionOptions(config, parts),
      baseDirectory,
      signal: interrupted,
    });
    const running = session;
    interrupted.addEventListener('abort', () => void running.stop('interrupted'));
    yield good('PowerShell session', session.engineVersion);
    yield* checkConnection(session, config, parts);
  } catch (error) {
    yield badFrom('PowerShell session', error);
  } finally {
    await session?.stop('checked');
    rmSync(baseDirectory, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function* checkConnection(
  session: Session,
  config: Config,
  parts: SessionEnvironment,
): AsyncGenerator<Finding, void> {
  const { certificate } = config.secrets;
  const current = certificate && { current: async () => certificate };
  const settings = { ...connectSettings(config, current), inspects: true };
  try {
    yield good(MODULE, `ExchangeOnlineManagement ${await connect(session, settings)}`);
  } catch (error) {
    const isModule = codeOf(error).startsWith('exchange.module-');
    yield badFrom(isModule ? MODULE : SIGN_IN, error);
    return;
  }
  yield good(SIGN_IN, `${config.exchange.organization} as app ${config.exchange.appId}`);
  const abilities: Abilities = await readAbilities(session, settings.connectTimeoutMs);
  yield* checkRoles(config.workflows, abilities);
  yield await checkReading(session, config, parts);
  await disconnect(session);
}

/** As cheap as a reading can be, and the one that every job begins with. */
async function checkReading(
  session: Session,
  { exchange }: Config,
  { log }: SessionEnvironment,
): Promise<Finding> {
  const limits = {
    readTimeoutMs: exchange.readTimeoutSeconds * 1_000,
    writeTimeoutMs: exchange.writeTimeoutSeconds * 1_000,
  };
  try {
    const { read } = createExchange(session, limits, {
      log,
      signal: AbortSignal.timeout(limits.readTimeoutMs),
    });
    const rows = await read(
      call('Get-Mailbox', { Filter: "RecipientTypeDetails -eq 'UserMailbox'", ResultSize: '5' }, [
        'Guid',
      ]),
    );
    return good(READING, `${rows.length} mailboxes read with Get-Mailbox -ResultSize 5`);
  } catch (error) {
    return badFrom(READING, error);
  }
}
