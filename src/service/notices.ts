import { join } from 'node:path';
import type { CertificateNews } from '../certificate/keeper.ts';
import { dayOf, daysLeft } from '../certificate/validity.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { JOB_STATES } from '../jobs/states.ts';
import type { Job, JobStore } from '../jobs/store.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Channel } from '../notices/channel.ts';
import { NoticeDesk } from '../notices/desk.ts';
import { createMailChannel } from '../notices/mail-channel.ts';
import { openNoticeMemory } from '../notices/memory.ts';
import type { Notice } from '../notices/notice.ts';
import { createWebhookChannel } from '../notices/webhook-channel.ts';
import { readReport } from '../offboarding/report.ts';
import { maySayNames, type PersonalData, withAddresses } from '../personal-data.ts';

export interface NoticeParts {
  readonly store: Pick<JobStore, 'list'>;
  readonly metrics: Pick<Metrics, 'noticed'>;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAIL_STEP_TIMEOUT_MS = 10_000;
interface Standing {
  readonly title: string;
  readonly ways: (id: string) => string;
}

/** In which states a job stands still until a person acts, with what that person can do. */
const STANDING: Readonly<Record<string, Standing>> = {
  'needs-attention': {
    title: 'A leaver needs attention',
    ways: (id) =>
      `Clear up the cause, then: exo-bridge jobs retry ${id}. Or do it by hand, then: exo-bridge jobs cancel ${id}`,
  },
  held: {
    title: 'A leaver waits for approval',
    ways: (id) =>
      `If it is meant: exo-bridge jobs approve ${id}. If not: exo-bridge jobs cancel ${id}`,
  },
};
/** The newest of each state; what is older was told long ago. */
const LOOKED_AT = 100;

/** Who tells people what needs them, as the configuration says. Starts nothing. */
export function createNotices(config: Config, parts: NoticeParts): NoticeDesk {
  const { store, metrics, clock, log } = parts;
  const { personalData } = config.log;
  return new NoticeDesk({
    channels: channelsOf(config, parts.fetch),
    memory: openNoticeMemory(join(config.dataDirectory, 'notices.json')),
    standing: async () => {
      const states = JOB_STATES.filter((state) => state in STANDING);
      const lists = await Promise.all(
        states.map((state) => store.list({ state, limit: LOOKED_AT })),
      );
      return lists.flat().map((job) => aboutJob(job, personalData));
    },
    clock,
    log,
    onNoticed: (channel, outcome) => metrics.noticed(channel, outcome),
  });
}

function channelsOf({ notices, secrets }: Config, fetch: typeof globalThis.fetch): Channel[] {
  const { webhook, mail } = notices;
  return [
    ...(webhook && secrets.noticeUrl !== undefined
      ? [createWebhookChannel({ url: secrets.noticeUrl, form: webhook.form }, fetch)]
      : []),
    ...(mail
      ? [
          createMailChannel({
            ...mail,
            user: mail.user,
            password: secrets.smtpPassword,
            timeoutMs: MAIL_STEP_TIMEOUT_MS,
          }),
        ]
      : []),
  ];
}

/** Each time a job comes to stand still is news of its own. */
export function aboutJob(job: Job, level: PersonalData): Notice {
  const { title, ways } = STANDING[job.state] ?? { title: 'A leaver waits', ways: () => '' };
  const { person } = readReport(job.report);
  return {
    key: `job ${job.id} ${job.state} ${job.finishedAt ?? job.attempts}`,
    title,
    facts: {
      Job: job.id,
      ...(person === undefined || level === 'none'
        ? {}
        : { Person: withAddresses(person.email, level) }),
      Reason: reasonOf(job, level),
      Since: new Date(job.updatedAt).toISOString(),
    },
    advice: `Look at it: exo-bridge jobs show ${job.id}. ${ways(job.id)}`,
  };
}

function reasonOf({ reason }: Job, level: PersonalData): string {
  const { code = 'unknown', message = '' } = reason ?? {};
  return level !== 'full' && maySayNames(code) ? code : withAddresses(`${code}: ${message}`, level);
}

/** What happened to the certificate that the service signs in with. */
export function aboutCertificate(news: CertificateNews, now: number): Notice {
  if (news.kind === 'refused') {
    const { code, message } = news.fault;
    const title = 'The certificate in place is not taken';
    const facts = { Reason: `${code}: ${message}` };
    const advice =
      'Try file and password: exo-bridge cert show FILE --password-file FILE. What is put right is taken within a minute';
    return { key: news.key, title, facts, advice };
  }
  const advice =
    'Make a new one and put it in its place, without a restart: docs/operating.md, "Certificate renewal"';
  const { thumbprint, notAfter } = news.facts;
  const left = daysLeft(notAfter, now);
  const title =
    left < 0 ? 'The certificate has expired' : `The certificate expires in ${left} days`;
  const facts = { Thumbprint: thumbprint, 'Valid until': dayOf(notAfter) };
  return { key: news.key, title, facts, advice };
}
