import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type {
  Parameters,
  ParameterValue,
  PowerShellError,
  WorkerFrame,
} from '../../powershell/frames.ts';
import { NAMES_NO_OBJECT } from '../../powershell/frames.ts';
import type { WireObject } from '../wire.ts';
import type { ExchangeModule, Output } from './exchange-module.ts';
import { FrameLines, type IncomingFrame, parameterValue } from './frame-lines.ts';
import { project } from './project.ts';
import { moduleNotFound, refusal, ShellError } from './shell-error.ts';

type Prepare = Extract<IncomingFrame, { type: 'prepare' }>;
type Run = Extract<IncomingFrame, { type: 'run' }>;

const NAMING = new Set(['identity', 'mailbox', 'user', 'trustee', 'member']);
/** Of the stand-in module, as its manifest says. */
const MODULE = { Name: 'ExchangeOnlineManagement', Version: '3.9.2' };
/** Rows in one frame. */
const BATCH = 200;

/** What worker.ps1 is to pwsh: frames in, one command at a time, frames out. */
export class StandInWorker {
  /** Resolves when the service has gone or said exit; rejects if it breaks the protocol. */
  readonly done: Promise<void>;
  readonly #socket: Socket;
  readonly #module: ExchangeModule;
  readonly #lines = new FrameLines();
  readonly #end = Promise.withResolvers<void>();
  #allow = new Map<string, ReadonlySet<string>>();
  #running: { readonly id: number; readonly abort: AbortController } | undefined;
  #operations = 0;

  constructor(socket: Socket, module: ExchangeModule) {
    this.#socket = socket;
    this.#module = module;
    this.done = this.#end.promise;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => this.#end.reject(error));
    socket.on('close', () => this.#end.resolve());
  }

  greet(token: string): void {
    this.#send({
      v: 1,
      type: 'hello',
      token,
      pid: process.pid,
      engine: 'stand-in',
      engineVersion: process.versions.node,
    });
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#lines.push(bytes)) {
        this.#obey(frame);
      }
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #obey(frame: IncomingFrame): void {
    switch (frame.type) {
      case 'prepare':
        this.#begin(frame.id, async () => this.#prepare(frame));
        return;
      case 'run':
        this.#begin(frame.id, (signal) => this.#run(frame, signal));
        return;
      case 'cancel':
        if (this.#running?.id === frame.id) {
          this.#running.abort.abort();
        }
        return;
      case 'ping':
        this.#pong(frame.id);
        return;
      case 'exit':
        this.#end.resolve();
        return;
    }
  }

  #begin(id: number, work: (signal: AbortSignal) => Promise<Output>): void {
    if (this.#running !== undefined) {
      const busy = refusal('Busy', 'one command at a time');
      this.#send({
        v: 1,
        type: 'result',
        id,
        warnings: [],
        errors: [busy.record],
        cancelled: false,
      });
      return;
    }
    const abort = new AbortController();
    this.#running = { id, abort };
    // `#finish` takes every failure; only a broken socket is left.
    this.#finish(id, work, abort.signal).catch((error: unknown) => this.#end.reject(error));
  }

  async #finish(
    id: number,
    work: (signal: AbortSignal) => Promise<Output>,
    signal: AbortSignal,
  ): Promise<void> {
    const { warnings, errors } = await work(signal).catch((error: unknown) =>
      failed(error, signal),
    );
    this.#running = undefined;
    this.#send({ v: 1, type: 'result', id, warnings, errors, cancelled: signal.aborted });
  }

  #prepare({ id, modules, allow }: Prepare): Output {
    this.#allow = new Map(
      Object.entries(allow).map(([command, names]) => [
        command.toLowerCase(),
        new Set(names.map((name) => name.toLowerCase())),
      ]),
    );
    const strange = modules.find(
      ({ name, version = MODULE.Version }) =>
        version !== MODULE.Version ||
        !/(^|[\\/])ExchangeOnlineManagement(\.psd1)?[\\/]?$/.test(name),
    );
    if (strange !== undefined) {
      throw moduleNotFound(strange.name);
    }
    this.#sendRows(
      { id, properties: Object.keys(MODULE) },
      modules.map(() => MODULE),
    );
    return { objects: [], warnings: [], errors: [] };
  }

  async #run(frame: Run, signal: AbortSignal): Promise<Output> {
    const parameters = checked(frame, this.#allow.get(frame.command.toLowerCase()));
    this.#operations += 1;
    const output = await this.#module.run(frame.command, parameters, signal);
    this.#sendRows(frame, output.objects);
    return output;
  }

  #sendRows(
    { id, properties }: Pick<Run, 'id' | 'properties'>,
    objects: readonly WireObject[],
  ): void {
    const rows = properties.length === 0 ? [] : objects.map((one) => project(one, properties));
    for (let start = 0; start < rows.length; start += BATCH) {
      this.#send({ v: 1, type: 'item', id, rows: rows.slice(start, start + BATCH) });
    }
  }

  #pong(id: number): void {
    this.#send({
      v: 1,
      type: 'pong',
      id,
      memoryBytes: process.memoryUsage.rss(),
      operations: this.#operations,
      busy: this.#running !== undefined,
    });
  }

  #send(frame: WorkerFrame): void {
    this.#socket.write(`${JSON.stringify(frame)}\n`);
  }
}

/** The worker's own checks: allow list, kinds of values, and names that name nobody or everybody. */
function checked(
  { command, parameters }: Run,
  allowed: ReadonlySet<string> | undefined,
): Parameters {
  if (allowed === undefined) {
    throw refusal('CommandRefused', `${command} is not allowed`);
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (!allowed.has(name.toLowerCase())) {
        throw refusal('ParameterRefused', `${command} -${name} is not allowed`);
      }
      return [name, checkedValue(command, name, value)];
    }),
  );
}

function checkedValue(command: string, name: string, value: unknown): ParameterValue {
  const parsed = parameterValue.safeParse(value);
  if (!parsed.success || !loads(parsed.data)) {
    throw refusal('ValueRefused', `${command} -${name} has a value of a kind that is not taken`);
  }
  if (NAMING.has(name.toLowerCase()) && !isName(parsed.data)) {
    throw refusal('IdentityRefused', `${command} -${name} must name one object`);
  }
  return parsed.data;
}

function isName(value: ParameterValue): boolean {
  return typeof value === 'string' && !NAMES_NO_OBJECT.test(value);
}

/** A certificate must open with its password, as it must in .NET. */
function loads(value: ParameterValue): boolean {
  if (typeof value !== 'object' || !('$type' in value) || value.$type !== 'certificate') {
    return true;
  }
  try {
    createSecureContext({ pfx: Buffer.from(value.pfx, 'base64'), passphrase: value.password });
    return true;
  } catch (error) {
    if (error instanceof Error) {
      return false;
    }
    throw error;
  }
}

function failed(error: unknown, signal: AbortSignal): Output {
  const errors: readonly PowerShellError[] = signal.aborted ? [] : [recordOf(error)];
  return { objects: [], warnings: [], errors };
}

function recordOf(error: unknown): PowerShellError {
  if (error instanceof ShellError) {
    return error.record;
  }
  throw error;
}
