import { z } from 'zod';
import { ServiceError } from '../errors.ts';
import { type CellValue, MAX_FRAME_BYTES, type WorkerFrame } from './frames.ts';

const NEWLINE = 0x0a;
/** A damaged character is a damaged line, not U+FFFD in somebody's name. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const cell: z.ZodType<CellValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(cell),
    z.record(z.string(), cell),
  ]),
);
const row = z.record(z.string(), cell);
const id = z.int().nonnegative();
const v = z.literal(1);
const text = z.string();

const powerShellError = z.strictObject({
  message: text,
  exceptionType: text,
  innerTypes: z.array(text),
  fullyQualifiedErrorId: text,
  category: text,
  reason: text,
  activity: text,
  targetName: text,
  details: text.exactOptional(),
  httpStatus: z.int().exactOptional(),
  retryAfterSeconds: z.number().exactOptional(),
  position: text.exactOptional(),
});

const workerFrame = z.discriminatedUnion('type', [
  z.strictObject({
    v,
    type: z.literal('hello'),
    token: text,
    pid: z.int(),
    engine: text,
    engineVersion: text,
  }),
  z.strictObject({ v, type: z.literal('item'), id, rows: z.array(row) }),
  z.strictObject({
    v,
    type: z.literal('result'),
    id,
    warnings: z.array(text),
    errors: z.array(powerShellError),
    cancelled: z.boolean(),
  }),
  z.strictObject({
    v,
    type: z.literal('pong'),
    id,
    memoryBytes: z.number(),
    operations: z.int(),
    busy: z.boolean(),
  }),
  z.strictObject({ v, type: z.literal('log'), level: text, message: text }),
  z.strictObject({ v, type: z.literal('bye'), reason: text }),
]) satisfies z.ZodType<WorkerFrame>;

/**
 * Turns the bytes of a worker's socket, cut anywhere, into frames. What is too long or no frame throws
 * `powershell.protocol-violated`, without the data in the message; the decoder is of no use afterwards.
 */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The frames that these bytes complete. */
  push(bytes: Buffer): readonly WorkerFrame[] {
    const frames: WorkerFrame[] = [];
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#keep(rest.subarray(0, end));
      frames.push(parseFrame(this.#take()));
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
    return frames;
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > MAX_FRAME_BYTES) {
      throw violated('a frame is too long', { bytes: this.#length });
    }
    if (part.length > 0) {
      this.#chunks.push(part);
    }
  }

  #take(): Buffer {
    const line = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [];
    this.#length = 0;
    return line;
  }
}

function parseFrame(line: Buffer): WorkerFrame {
  let data: unknown;
  try {
    data = JSON.parse(UTF8.decode(line));
  } catch {
    // The parser's own message quotes the data, which may be mail or a secret.
    throw violated('a line is not JSON in UTF-8', { bytes: line.length });
  }
  const parsed = workerFrame.safeParse(data);
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw violated('a line is no frame of this protocol', { where });
  }
  return parsed.data;
}

function violated(message: string, facts: Record<string, string | number>): ServiceError {
  return new ServiceError('powershell.protocol-violated', message, { facts });
}
