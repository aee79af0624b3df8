import { programOnPath } from '../powershell/program.ts';
import { type RehearsalEngine, STAND_IN } from '../sandbox/rehearsal.ts';

/** The real pwsh if it is on PATH, else the stand-in. */
export function chooseEngine(): RehearsalEngine {
  const pwsh = programOnPath('pwsh', process.env['PATH'] ?? '');
  return pwsh === undefined ? STAND_IN : { name: 'pwsh', command: [pwsh] };
}
