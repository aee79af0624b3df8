import { type Channel, notDelivered } from './channel.ts';
import { type Notice, plainText } from './notice.ts';

export const WEBHOOK_FORMS = ['teams', 'slack', 'json'] as const;
export type WebhookForm = (typeof WEBHOOK_FORMS)[number];

export interface WebhookSettings {
  /** Whoever has it may write to the channel: a secret. */
  readonly url: string;
  readonly form: WebhookForm;
}

/** Posts notices to one address, in the form that its owner reads. */
export function createWebhookChannel(
  { url, form }: WebhookSettings,
  fetch: typeof globalThis.fetch,
): Channel {
  return {
    name: 'webhook',
    async send(notice, signal) {
      const status = await post(url, BODY[form](notice), { fetch, signal });
      if (status < 200 || status > 299) {
        throw notDelivered(`the webhook answers ${status}`);
      }
    },
  };
}

async function post(
  url: string,
  body: object,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal,
    });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    // Without the cause, which may quote the address.
    throw notDelivered(`the webhook was not reached (${reasonOf(error)})`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}

type Body = Omit<Notice, 'key'>;

const BODY: Readonly<Record<WebhookForm, (notice: Body) => object>> = {
  /** A Workflows webhook: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
  teams: ({ title, facts, advice }) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            { type: 'TextBlock', text: title, weight: 'Bolder', size: 'Medium', wrap: true },
            {
              type: 'FactSet',
              facts: Object.entries(facts).map(([name, value]) => ({ title: name, value })),
            },
            { type: 'TextBlock', text: advice, wrap: true },
          ],
        },
      },
    ],
  }),
  /** https://api.slack.com/messaging/webhooks; its three control characters are escaped. */
  slack: (notice) => ({
    text: plainText(notice)
      .trimEnd()
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;'),
  }),
  json: (notice) => ({ source: 'exo-bridge', ...notice }),
};
