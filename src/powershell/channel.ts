import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { ServiceError } from '../errors.ts';
import { FrameDecoder } from './decode-frames.ts';
import { encodeFrame } from './encode-frame.ts';
import type { AnswerFrame, HelloFrame, ServiceFrame, WorkerFrame } from './frames.ts';

/** Longer paths are cut without a word by the operating system (107 bytes and a NUL on Linux). */
const LONGEST_PATH_BYTES = 107;

export interface ChannelEvents {
  /** The worker has proved itself; from now on frames may be sent. */
  readonly onHello: (hello: HelloFrame) => void;
  readonly onFrame: (frame: AnswerFrame) => void;
  /** The worker is gone, or broke the protocol (`error`). Called once. */
  readonly onEnd: (error: Error | undefined) => void;
}

/** An ageing cleaner of temporary files may have taken the folder above. */
function makeFolder(base: string): string {
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    const directory = mkdtempSync(join(base, 'session-'));
    chmodSync(directory, 0o700);
    return directory;
  } catch (cause) {
    throw new ServiceError('powershell.start-failed', 'the session folder cannot be made', {
      cause,
    });
  }
}

const UNHEARD: ChannelEvents = {
  onHello: () => undefined,
  onFrame: () => undefined,
  onEnd: () => undefined,
};

/**
 * The private socket of one session: one folder that only we may enter, one connection, one token that
 * is good once. Nothing is written before the token was proved.
 */
export class Channel {
  readonly directory: string;
  /** What the worker needs to find us, for its environment. */
  readonly address: string;
  readonly token = randomBytes(32).toString('hex');
  readonly #server: Server;
  #events: ChannelEvents = UNHEARD;
  #socket: Socket | undefined;
  #isProved = false;
  #isEnded = false;

  private constructor(directory: string) {
    this.directory = directory;
    // On Windows the folder does not guard a pipe: its unguessable name and the token do.
    this.address =
      process.platform === 'win32' ? randomBytes(16).toString('hex') : join(directory, 'channel');
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = 1;
  }

  /** Makes the folder below `base` and listens. Throws `powershell.start-failed`. */
  static async open(base: string): Promise<Channel> {
    const channel = new Channel(makeFolder(base));
    try {
      await channel.#listen();
      return channel;
    } catch (cause) {
      channel.close();
      throw cause instanceof ServiceError
        ? cause
        : new ServiceError('powershell.start-failed', 'the session socket cannot be opened', {
            cause,
          });
    }
  }

  /** Whether the worker has ever proved itself. */
  get isProved(): boolean {
    return this.#isProved;
  }

  /** Whether the worker has proved itself and is still there. */
  get isOpen(): boolean {
    return this.#isProved && !this.#isEnded;
  }

  /** Who hears of the worker; to be called before the worker is started. */
  attach(events: ChannelEvents): void {
    this.#events = events;
  }

  /** Sends one frame. Throws `powershell.value-refused`; a frame to a worker that is gone is dropped. */
  send(frame: ServiceFrame): void {
    if (!this.#isProved) {
      throw new Error('nothing may be sent before the worker has proved itself');
    }
    const line = encodeFrame(frame);
    if (this.#socket?.writable) {
      this.#socket.write(line);
    }
  }

  /**
   * Closes everything and deletes the folder, if nobody still writes there; what stays is deleted with
   * the folder above it. Never throws. May be called twice. False if the folder stayed.
   */
  close(): boolean {
    this.#server.close();
    this.#socket?.destroy();
    try {
      rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
      return true;
    } catch {
      // A process that was left behind fills it faster than we empty it.
      return false;
    }
  }

  #listen(): Promise<void> {
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\${this.address}` : this.address;
    if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) {
      const bytes = Buffer.byteLength(path);
      throw new ServiceError(
        'powershell.start-failed',
        `the path of the session socket has ${bytes} bytes, ${LONGEST_PATH_BYTES} are possible: use a shorter folder for temporary files`,
        { facts: { path, bytes } },
      );
    }
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#end(error));
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    if (this.#socket !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    this.#server.close();
    const decoder = new FrameDecoder();
    socket.on('data', (bytes) => this.#receive(decoder, bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(undefined));
  }

  #receive(decoder: FrameDecoder, bytes: Buffer): void {
    if (this.#isEnded) {
      return;
    }
    try {
      for (const frame of decoder.push(bytes)) {
        this.#deliver(frame);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error('unknown fault of a frame'));
    }
  }

  #deliver(frame: WorkerFrame): void {
    if (frame.type === 'hello') {
      this.#prove(frame);
    } else if (this.#isProved) {
      this.#events.onFrame(frame);
    } else {
      throw new ServiceError('powershell.protocol-violated', 'a frame came before the greeting');
    }
  }

  #prove(hello: HelloFrame): void {
    const given = Buffer.from(hello.token);
    const wanted = Buffer.from(this.token);
    if (this.#isProved || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      throw new ServiceError('powershell.protocol-violated', 'the worker did not prove itself');
    }
    this.#isProved = true;
    this.#events.onHello(hello);
  }

  #end(error: Error | undefined): void {
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#socket?.destroy();
      this.#events.onEnd(error);
    }
  }
}
