import type { ShownJob } from './demo-story.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a person on call asks the service over HTTP. */
export class Operator {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async get(path: string): Promise<Json> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await fetch(`${this.#url}${path}`, { headers });
    return (await answer.json()) as Json;
  }

  /** The answer as it is, for a text. */
  async text(path: string): Promise<string> {
    const headers = { authorization: `Bearer ${this.#token}` };
    return (await fetch(`${this.#url}${path}`, { headers })).text();
  }

  async post(path: string, body: object, token: string = this.#token): Promise<Json> {
    const answer = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Json;
  }

  /** The whole job of a run, if it is among the newest. */
  async jobOfRun(runId: string): Promise<ShownJob | undefined> {
    const { jobs } = (await this.get('/jobs')) as unknown as { readonly jobs: readonly ShownJob[] };
    const found = jobs.find((job) => [job.runId, job.request.runId].includes(runId));
    return found === undefined
      ? undefined
      : ((await this.get(`/jobs/${found.id}`)) as unknown as ShownJob);
  }
}
