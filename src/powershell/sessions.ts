import type { CommandRequest, PowerShellError, Row } from './frames.ts';

export type CommandOutcome =
  | {
      readonly kind: 'completed';
      readonly rows: readonly Row[];
      readonly warnings: readonly string[];
    }
  /** The cmdlet wrote an error, terminating or not. `rows` is what it had returned until then. */
  | {
      readonly kind: 'failed';
      readonly error: PowerShellError;
      readonly rows: readonly Row[];
      readonly warnings: readonly string[];
    };

export interface CommandLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Whoever runs one cmdlet call in some session: a single session, or a pool of them.
 * Throws `powershell.value-refused` and `powershell.command-refused` before anything is sent;
 * `powershell.timed-out`, `powershell.cancelled`, `powershell.session-lost` and
 * `powershell.protocol-violated` when the outcome is unknown (read the state, then decide);
 * `powershell.overloaded`, `powershell.unavailable`, `powershell.start-failed` when it never began.
 */
export interface Sessions {
  run(request: CommandRequest, limits: CommandLimits): Promise<CommandOutcome>;
}
