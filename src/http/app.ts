import type { Logger } from '../log.ts';
import { type AudienceTokens, createGuards } from './auth.ts';
import { type HealthParts, registerHealth } from './health.ts';
import { type JobParts, registerJobs } from './jobs.ts';
import { type OperatingParts, registerOperating } from './operating.ts';
import { type PlanParts, registerPlans } from './plans.ts';
import { type PollParts, registerPoll } from './poll.ts';
import { type App, createServer, type OnAnswered, type ServerLimits } from './server.ts';
import { registerVerbs, type VerbParts } from './verbs.ts';
import { registerWebhook, type WebhookParts } from './webhook.ts';

export interface AppParts
  extends WebhookParts,
    PollParts,
    PlanParts,
    JobParts,
    VerbParts,
    OperatingParts,
    HealthParts {
  readonly log: Logger;
  readonly tokens: AudienceTokens;
  readonly limits: ServerLimits;
  /** Hears of each answer: the route's pattern, `none` for addresses that are not there, and the status. */
  readonly onAnswered?: OnAnswered;
}

/** The HTTP front, ready to listen or to be injected into. Throws `config.invalid` without tokens. */
export async function buildApp(parts: AppParts): Promise<App> {
  const guardFor = createGuards(parts.tokens);
  const app = await createServer(parts.log, parts.limits, parts.onAnswered);
  registerWebhook(app, parts, guardFor('webhook'));
  registerPoll(app, parts, guardFor('poll', 'operator'));
  registerPlans(app, parts, guardFor('operator'));
  registerJobs(app, parts, guardFor('operator'));
  registerVerbs(app, parts, guardFor('operator'));
  registerOperating(app, parts, guardFor('operator'));
  registerHealth(app, parts);
  return app;
}
