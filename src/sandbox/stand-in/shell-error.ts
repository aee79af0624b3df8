import type { PowerShellError } from '../../powershell/frames.ts';
import type { WireError } from '../wire.ts';

/** An error record of the stand-in's own engine, ready for a result frame. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  readonly record: PowerShellError;

  constructor(record: PowerShellError) {
    super(record.message);
    this.record = record;
  }
}

const ENGINE = 'System.Management.Automation';

/** What the worker refuses before the command is looked at. */
export function refusal(id: string, message: string): ShellError {
  return new ShellError(engineError('RuntimeException', id, 'PermissionDenied', '', message));
}

export function commandNotFound(command: string): ShellError {
  const name = 'CommandNotFoundException';
  const message =
    `The term '${command}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n` +
    'Check the spelling of the name, or if a path was included, verify that the path is correct and try again.';
  return wrapped(engineError(name, name, 'ObjectNotFound', '', message));
}

export function moduleNotFound(name: string): ShellError {
  return new ShellError({
    ...engineError(
      'FileNotFoundException',
      'Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand',
      'ResourceUnavailable',
      'Import-Module',
      `The specified module '${name}' was not loaded because no valid module file was found in any module directory.`,
    ),
    exceptionType: 'System.IO.FileNotFoundException',
  });
}

export function bindingError(id: string, cmdlet: string, message: string): ShellError {
  return wrapped(
    engineError('ParameterBindingException', `${id},${cmdlet}`, 'InvalidArgument', cmdlet, message),
  );
}

/** These records hold a shell of the exception, and `Reason` is the name of the shell. */
function wrapped(record: PowerShellError): ShellError {
  return new ShellError({ ...record, reason: 'ParentContainsErrorRecordException' });
}

/** An error the Exchange module writes. */
export function moduleError(cmdlet: string, message: string): ShellError {
  return new ShellError({
    ...engineError('Exception', `${cmdlet}Failed,${cmdlet}`, 'NotSpecified', cmdlet, message),
    exceptionType: 'System.Exception',
  });
}

/** The network failed before there was an answer. */
export function connectionLost(cmdlet: string, cause: string): ShellError {
  return new ShellError({
    ...engineError(
      'HttpRequestException',
      `ConnectionLost,${cmdlet}`,
      'ConnectionError',
      cmdlet,
      `An error occurred while sending the request. ${cause}`,
    ),
    exceptionType: 'System.Net.Http.HttpRequestException',
  });
}

export interface HttpFacts {
  readonly httpStatus?: number;
  readonly retryAfterSeconds?: number;
}

/** An error of the tenant, as the module's records show it. */
export function tenantError(error: WireError, facts: HttpFacts): PowerShellError {
  return { exceptionType: 'System.Exception', innerTypes: [], targetName: '', ...error, ...facts };
}

function engineError(
  type: string,
  fullyQualifiedErrorId: string,
  category: string,
  activity: string,
  message: string,
): PowerShellError {
  return {
    message,
    exceptionType: `${ENGINE}.${type}`,
    innerTypes: [],
    fullyQualifiedErrorId,
    category,
    reason: type,
    activity,
    targetName: '',
  };
}
