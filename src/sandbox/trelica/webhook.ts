/** Where the workflow's API request step calls, and what it sends. */
export interface Webhook {
  readonly url: string;
  readonly token: string;
  /** Ids of workflow and run, or the workflow's name and the person. */
  readonly body: 'ids' | 'person';
}

interface Facts {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflow: string;
  readonly email: string;
}

export type WebhookOutcome =
  | { readonly kind: 'answered'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'failed'; readonly message: string };

const TIMEOUT_MS = 30_000;

/** Makes the step's request once. The answer's JSON becomes fields of the run. */
export async function callWebhook(
  { url, token, body }: Webhook,
  { workflowId, runId, workflow, email }: Facts,
  stopped: AbortSignal,
): Promise<WebhookOutcome> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body === 'ids' ? { workflowId, runId } : { workflow, email }),
      signal: AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await answer.text();
    return answer.ok
      ? { kind: 'answered', fields: JSON.parse(text) as Record<string, unknown> }
      : { kind: 'failed', message: `answered ${answer.status}` };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : 'not reached' };
  }
}
