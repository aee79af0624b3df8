/**
 * The wire between the service and a worker: one JSON object per line, UTF-8, no BOM, over a private
 * socket. Pure: nothing here does I/O.
 *
 *   service → worker   prepare · run · cancel · ping · exit
 *   worker → service   hello · result · failure · item · pong · log · bye
 */
/**
 * What must not stand alone where one object is named: nothing, blanks and marks nobody sees, or a
 * wildcard. Exchange takes some of these for every object. The worker has the same rule.
 */
export const NAMES_NO_OBJECT = /^[\s\p{C}\p{Z}]*$|[*?]/u;

/** Longest line either side accepts, in bytes; a longer one ends the session. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/**
 * A value for one cmdlet parameter. JSON knows no secure string, certificate or change table,
 * and a bare null is a mistake more often than a wish: the worker builds these four from tagged
 * objects, and no other object is allowed.
 */
export type ParameterValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly $type: 'secure-string'; readonly value: string }
  | { readonly $type: 'certificate'; readonly pfx: string; readonly password: string }
  | {
      readonly $type: 'change';
      readonly add: readonly string[];
      readonly remove: readonly string[];
    }
  | { readonly $type: 'null' };

export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Which cmdlets a session may run, and with which parameters. */
export type AllowList = Readonly<Record<string, readonly string[]>>;

/** One cmdlet call. `properties` names what to return of each object; nothing else crosses the wire. */
export interface CommandRequest {
  readonly command: string;
  readonly parameters: Parameters;
  readonly properties: readonly string[];
}

/** A projected value: enums as names, dates as ISO 8601 UTC, sizes as `{ text, bytes }`, lists as arrays. */
export type CellValue =
  | string
  | number
  | boolean
  | null
  | readonly CellValue[]
  | { readonly [name: string]: CellValue };
export type Row = Readonly<Record<string, CellValue>>;

/** An error record as PowerShell had it; whoever knows the cmdlets classifies it. */
export interface PowerShellError {
  readonly message: string;
  /** Full name of the exception's class, e.g. `System.Management.Automation.RemoteException`. */
  readonly exceptionType: string;
  /** Class names along InnerException, outermost first, without `exceptionType`. */
  readonly innerTypes: readonly string[];
  readonly fullyQualifiedErrorId: string;
  readonly category: string;
  /** `CategoryInfo.Reason`: the short class name the server gave. */
  readonly reason: string;
  readonly activity: string;
  readonly targetName: string;
  readonly details?: string;
  readonly httpStatus?: number;
  readonly retryAfterSeconds?: number;
  readonly position?: string;
}

export type ServiceFrame =
  | {
      readonly v: 1;
      readonly type: 'prepare';
      readonly id: number;
      /** Module to import into the command runspace: a name or a rooted path; with the exact version to demand, if any. */
      readonly modules: readonly { readonly name: string; readonly version?: string }[];
      readonly allow: AllowList;
    }
  | {
      readonly v: 1;
      readonly type: 'run';
      readonly id: number;
      readonly command: string;
      readonly parameters: Parameters;
      readonly properties: readonly string[];
    }
  | { readonly v: 1; readonly type: 'cancel'; readonly id: number }
  | { readonly v: 1; readonly type: 'ping'; readonly id: number }
  | { readonly v: 1; readonly type: 'exit' };

/** The worker's greeting: its proof, and what it is. Must come first. */
export interface HelloFrame {
  readonly v: 1;
  readonly type: 'hello';
  readonly token: string;
  readonly pid: number;
  /** `pwsh`, `engine-host` or `stand-in`. */
  readonly engine: string;
  readonly engineVersion: string;
}

export type WorkerFrame = HelloFrame | AnswerFrame;

/** The command ended. With `errors` it failed, however much it returned before. */
export interface ResultFrame {
  readonly v: 1;
  readonly type: 'result';
  readonly id: number;
  readonly warnings: readonly string[];
  readonly errors: readonly PowerShellError[];
  /** True if it ended because of a `cancel`: its effect is unknown. */
  readonly cancelled: boolean;
}

/** Whatever a worker says after its greeting. */
export type AnswerFrame =
  | { readonly v: 1; readonly type: 'item'; readonly id: number; readonly rows: readonly Row[] }
  | ResultFrame
  | {
      readonly v: 1;
      readonly type: 'pong';
      readonly id: number;
      readonly memoryBytes: number;
      readonly operations: number;
      readonly busy: boolean;
    }
  | { readonly v: 1; readonly type: 'log'; readonly level: string; readonly message: string }
  | { readonly v: 1; readonly type: 'bye'; readonly reason: string };
