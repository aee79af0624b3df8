import type { Run } from '../../src/sandbox/trelica/run.ts';
import type { Webhook, WebhookOutcome } from '../../src/sandbox/trelica/webhook.ts';
import type { Reply } from './front.ts';
import type { Host } from './host.ts';
import { isWaiting } from './ledger.ts';
import { TOKENS } from './premises.ts';
import { DAY, HOUR, MINUTE, SECOND } from './weather.ts';
import { WILD_MS, type World } from './world.ts';

/** Who can leave: some of the sandbox's cast, all with the same line manager. */
const LEAVERS = [
  "lee.o'neil-astrom",
  'siobhan.darcy',
  'lukasz.zolc',
  'li.na',
  'heidi.held',
  'felix.full',
  'sara.shared',
].map((name) => `${name}@example.org`);
/** Known to the personnel system only: nobody may ever signal for them. */
export const NO_MAILBOX = 'nick.nomail@example.org';

const ATTEMPTS_OF_STEP = 8;

/** Everybody who does something to the service or behind its back, each at a random time. */
export class People {
  readonly #world: World;
  readonly #host: Host;

  constructor(world: World, host: Host) {
    this.#world = world;
    this.#host = host;
    world.callWebhook = (webhook, facts) => this.#apiRequest(webhook, facts);
  }

  /** Plans the wild hours. */
  begin(): void {
    const { chance, clock } = this.#world;
    const leavers = chance.between(1, 4);
    for (let leaver = 0; leaver < leavers; leaver += 1) {
      this.#sometime(2 * HOUR, () =>
        this.#leave(chance.oneIn(12) ? NO_MAILBOX : chance.pick(LEAVERS)),
      );
    }
    if (chance.oneIn(2)) {
      this.#every(chance.between(10, 60) * MINUTE, () => this.sweep());
    }
    this.#times(chance.pick([0, 0, 1, 2]), () => this.#host.life?.stop());
    this.#times(chance.pick([0, 0, 1]), () => clock.jump(chance.pick([-DAY, DAY])));
    this.#times(chance.pick([0, 0, 1, 3]), () => this.#retry());
    this.#times(chance.pick([0, 0, 1, 3]), () => this.#approve());
    this.#times(chance.pick([0, 0, 0, 2]), () => this.#cancel());
    this.#times(chance.pick([0, 0, 0, 1]), () => this.#pause());
    this.#times(chance.pick([0, 0, 0, 1]), () => this.#undo());
  }

  async sweep(): Promise<void> {
    await this.#host.request({ method: 'POST', url: '/poll', token: TOKENS.poll });
  }

  /** What an operator does who wants everything to be finished. */
  async tidyUp(): Promise<void> {
    await this.#verb('POST', '/resume');
    this.#world.ledger.resumed();
    await this.#decide();
    await this.#retry();
    await this.#approve();
  }

  /** What must not be repeated, and may have happened or has not, a person sees to and then presses the button. */
  async #decide(): Promise<void> {
    for (const { id, runId, reason } of await this.#jobs('needs-attention')) {
      const run = this.#world.trelica.runs.get(runId ?? '');
      const isOver =
        reason?.code === 'offboarding.outcome-unknown' ||
        (reason?.code === 'offboarding.not-verified' && (await this.#isWipeMissing(id)));
      if (isOver && run !== undefined) {
        this.#press(run, 'Continue');
      }
    }
  }

  async #isWipeMissing(id: string): Promise<boolean> {
    const reply = await this.#operator('GET', `/jobs/${id}`);
    const verification = reply?.body['verification'] as { left?: readonly string[] } | undefined;
    return verification?.left?.some((sentence) => sentence.startsWith('Wipe')) ?? false;
  }

  /** Tries again what was cancelled or needs attention, if there is something left to do. */
  async #retry(): Promise<void> {
    const stuck = [...(await this.#jobs('needs-attention')), ...(await this.#jobs('cancelled'))];
    for (const job of stuck) {
      if (isWorthRetrying(job, this.#world)) {
        await this.#verb('POST', `/jobs/${job.id}/retry`);
      }
    }
  }

  async #approve(): Promise<void> {
    for (const { id } of await this.#jobs('held')) {
      this.#world.ledger.approved(id);
      await this.#verb('POST', `/jobs/${id}/approve`);
    }
  }

  async #cancel(): Promise<void> {
    const { chance } = this.#world;
    const open = await this.#jobs(chance.pick(['waiting', 'running', 'queued', 'held']));
    if (open.length > 0) {
      await this.#verb('POST', `/jobs/${chance.pick(open).id}/cancel`);
    }
  }

  async #pause(): Promise<void> {
    const reply = await this.#verb('POST', '/pause');
    if (reply?.body['paused'] === true) {
      this.#world.ledger.paused();
      this.#sometime(2 * HOUR, async () => {
        this.#world.ledger.resumed();
        await this.#verb('POST', '/resume');
      });
    }
  }

  async #undo(): Promise<void> {
    const [job] = await this.#jobs('done');
    if (job !== undefined) {
      await this.#verb('POST', `/jobs/${job.id}/undo`);
    }
  }

  async #jobs(state: string): Promise<readonly ShownJob[]> {
    const reply = await this.#operator('GET', `/jobs?state=${state}&limit=100`);
    return (reply?.body['jobs'] ?? []) as readonly ShownJob[];
  }

  async #verb(method: 'POST', url: string): Promise<Reply | undefined> {
    const reply = await this.#operator(method, url);
    this.#world.ledger.tell(`an operator: ${method} ${url}: ${reply?.status}`);
    this.#world.ledger.count(`asked to ${url.split('/').at(-1)}`);
    return reply;
  }

  #operator(method: 'GET' | 'POST', url: string): Promise<Reply | undefined> {
    return this.#host.request({ method, url, token: TOKENS.operator });
  }

  /** The workflow starts for a person. Its first step calls us, or does not and somebody sweeps. */
  async #leave(email: string): Promise<void> {
    const { chance, ledger, trelica } = this.#world;
    const body = chance.pick(['ids', 'ids', 'person'] as const);
    trelica.webhook = chance.oneIn(6) ? undefined : { url: '', token: '', body };
    const { runId } = await trelica.startRun(email);
    ledger.tell(`run ${runId} for ${email} calls by ${trelica.webhook?.body ?? 'nothing'}`);
    const run = trelica.runs.get(runId);
    if (run === undefined) {
      return;
    }
    if (chance.oneIn(8)) {
      this.#sometime(HOUR, () => this.#press(run, chance.pick(['Continue', 'Continue', 'Fail'])));
    }
    if (chance.oneIn(12)) {
      this.#sometime(HOUR, () => {
        if (isWaiting(run)) {
          ledger.tell(`run ${runId} is terminated`);
          run.status = 'Terminated';
          ledger.leaves(run);
        }
      });
    }
  }

  /** In Trelica itself. */
  #press(run: Run, action: string): void {
    const step = run.steps.find(({ status }) => status === 'Waiting');
    if (step !== undefined && isWaiting(run) && run.fire(step.id, action) === 'fired') {
      this.#world.ledger.fired(run, { by: 'person', action });
    }
  }

  /** Trelica's step: tries some times, then the run fails. */
  async #apiRequest({ body }: Webhook, facts: Facts): Promise<WebhookOutcome> {
    const { workflowId, runId, workflow, email } = facts;
    const { chance } = this.#world;
    const payload = body === 'ids' ? { workflowId, runId } : { workflow, email };
    for (let attempt = 0; attempt < ATTEMPTS_OF_STEP; attempt += 1) {
      const reply = await this.#call(payload, body === 'ids' ? runId : undefined);
      if (reply?.status === 202) {
        if (chance.oneIn(3)) {
          this.#sometime(chance.pick([MINUTE, WILD_MS]), () =>
            this.#call(payload, body === 'ids' ? runId : undefined),
          );
        }
        return { kind: 'answered', fields: reply.body };
      }
      await this.#world.wait(chance.between(5, 90) * SECOND);
    }
    return { kind: 'failed', message: 'no answer' };
  }

  /** Sends a webhook; its answer may be lost. */
  async #call(payload: object, runId: string | undefined): Promise<Reply | undefined> {
    const { chance, ledger, weather } = this.#world;
    await this.#world.wait(weather.latencyMs());
    const request = { method: 'POST', url: '/webhooks/trelica', token: TOKENS.webhook } as const;
    const reply = await this.#host.request({ ...request, payload });
    if (reply?.status !== 202 || (!weather.isCalm && chance.oneIn(20))) {
      return undefined;
    }
    ledger.acknowledges(String(reply.body['jobId']), runId);
    ledger.count(reply.body['duplicate'] === true ? 'duplicates' : 'accepted');
    await this.#world.wait(weather.latencyMs());
    return reply;
  }

  #times(count: number, act: () => unknown): void {
    for (let time = 0; time < count; time += 1) {
      this.#sometime(WILD_MS, act);
    }
  }

  #sometime(withinMs: number, act: () => unknown): void {
    this.#world.clock.after(this.#world.chance.between(0, withinMs), () => void act());
  }

  #every(ms: number, act: () => unknown): void {
    this.#world.clock.after(ms, () => {
      act();
      this.#every(ms, act);
    });
  }
}

interface Facts {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflow: string;
  readonly email: string;
}

/** Its run still waits for us, or was signalled by us and the job did not get to know. */
export function isWorthRetrying(
  { state, runId, request, reason }: ShownJob,
  { ledger, trelica }: World,
): boolean {
  const run = trelica.runs.get(runId ?? request.runId ?? '');
  const isOpen = run !== undefined && isWaiting(run) && run.person.email !== NO_MAILBOX;
  const isOurs = run !== undefined && ledger.firedAt(run.id)?.by === 'service';
  return isOpen || (state === 'needs-attention' && (isOurs || reason?.code === 'jobs.poisoned'));
}

interface ShownJob {
  readonly id: string;
  readonly state: string;
  readonly runId?: string | undefined;
  readonly request: { readonly runId?: string };
  readonly reason?: { readonly code: string } | undefined;
}
