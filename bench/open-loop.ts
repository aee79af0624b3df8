import { Agent, request } from 'node:http';

export interface OpenLoopResult {
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latencies: readonly number[];
}

interface Load {
  readonly url: string;
  readonly token: string;
  readonly body: (number: number) => object;
  readonly perSecond: number;
  readonly seconds: number;
}

/**
 * Sends requests at a fixed rate, however slow the answers are, and measures each from the moment it was
 * due: a server that stalls is charged for everybody who would have had to wait. Milliseconds.
 */
export async function openLoop(load: Load): Promise<OpenLoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const total = load.perSecond * load.seconds;
  const startedAt = performance.now();
  const pending: Promise<void>[] = [];
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  for (let number = 0; number < total; number += 1) {
    const dueAt = startedAt + (number * 1_000) / load.perSecond;
    const early = dueAt - performance.now();
    if (early > 0) {
      await new Promise((resolve) => setTimeout(resolve, early));
    }
    pending.push(
      post(load, agent, number).then((status) => {
        latencies.push(performance.now() - dueAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(pending);
  agent.destroy();
  return { sent: total, statuses, latencies };
}

function post({ url, token, body }: Load, agent: Agent, number: number): Promise<string> {
  return new Promise((resolve) => {
    const payload = JSON.stringify(body(number));
    const sent = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.statusCode)));
      },
    );
    sent.on('error', (error) => resolve(error.message));
    sent.end(payload);
  });
}
