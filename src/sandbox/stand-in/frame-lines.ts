import { z } from 'zod';
import { MAX_FRAME_BYTES } from '../../powershell/frames.ts';

const v = z.literal(1);
const id = z.int();
const texts = z.array(z.string());
/** A value of a wrong kind is the command's fault, not the frame's: it is judged with the command. */
export const parameterValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  texts,
  z.strictObject({ $type: z.literal('secure-string'), value: z.string() }),
  z.strictObject({ $type: z.literal('certificate'), pfx: z.string(), password: z.string() }),
  z.strictObject({ $type: z.literal('change'), add: texts, remove: texts }),
  z.strictObject({ $type: z.literal('null') }),
]);

const serviceFrame = z.discriminatedUnion('type', [
  z.object({
    v,
    type: z.literal('prepare'),
    id,
    modules: z.array(z.object({ name: z.string(), version: z.string().exactOptional() })),
    allow: z.record(z.string(), texts),
  }),
  z.object({
    v,
    type: z.literal('run'),
    id,
    command: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    properties: texts,
  }),
  z.object({ v, type: z.literal('cancel'), id }),
  z.object({ v, type: z.literal('ping'), id }),
  z.object({ v, type: z.literal('exit') }),
]);
export type IncomingFrame = z.infer<typeof serviceFrame>;

/** Turns the bytes of the socket, cut anywhere, into frames. Throws for what is none. */
export class FrameLines {
  #rest = Buffer.alloc(0);

  push(bytes: Buffer): readonly IncomingFrame[] {
    const lines = Buffer.concat([this.#rest, bytes]);
    const frames: IncomingFrame[] = [];
    let start = 0;
    for (let end = lines.indexOf(10); end >= 0; end = lines.indexOf(10, start)) {
      frames.push(serviceFrame.parse(JSON.parse(lines.toString('utf8', start, end))));
      start = end + 1;
    }
    this.#rest = lines.subarray(start);
    if (this.#rest.length > MAX_FRAME_BYTES) {
      throw new RangeError('a frame is too long');
    }
    return frames;
  }
}
