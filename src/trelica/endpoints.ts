import { ServiceError } from '../errors.ts';
import { trelicaId } from '../offboarding/request.ts';

export interface EndpointSettings {
  /** Address of the region, e.g. https://eu.trelica.com. */
  readonly baseUrl: URL;
  /** For rehearsals: lets `baseUrl` be plain HTTP, to this machine only. */
  readonly allowHttpToLoopback: boolean;
}

export type Query = Readonly<Record<string, string>>;

/** Every URL this service calls. Ids that can't be part of a path throw `trelica.request-refused`. */
export interface Endpoints {
  readonly token: URL;
  workflows(query: Query): URL;
  runs(workflowId: string, query: Query): URL;
  run(workflowId: string, runId: string): URL;
  signal(workflowId: string, runId: string, stepId: string, action: string): URL;
  person(idOrEmail: string): URL;
  /**
   * Where a link in an answer leads: always an address on `baseUrl`'s own origin; undefined if the link
   * leads elsewhere or is none. `from` is the address it was found at.
   */
  follow(link: string, from?: URL): URL | undefined;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Each region has two names (developer reference, support pages), and links may show the other one. */
const ALIASES: readonly (readonly string[])[] = [
  ['app.trelica.com', 'trelica.app'],
  ['eu.trelica.com', 'trelica.eu'],
];

/** Throws `config.invalid` if the base URL is not HTTPS and not an allowed loopback address. */
export function createEndpoints(settings: EndpointSettings): Endpoints {
  assertSafe(settings);
  const { baseUrl } = settings;
  const root = baseUrl.pathname.replace(/\/+$/, '');
  const trusted = ALIASES.find((names) => names.includes(baseUrl.host)) ?? [];
  const isOurs = (url: URL) =>
    url.origin === baseUrl.origin || (url.protocol === 'https:' && trusted.includes(url.host));
  const at = (path: string, query: Query = {}) =>
    onOrigin(baseUrl, `${root}${path}`, searchOf(query));
  const runs = (workflowId: string) => `/api/workflows/v1/${id(workflowId)}/runs`;
  const run = (workflowId: string, runId: string) => `${runs(workflowId)}/${id(runId)}`;
  return {
    token: at('/connect/token'),
    workflows: (query) => at('/api/workflows/v1', query),
    runs: (workflowId, query) => at(runs(workflowId), query),
    run: (workflowId, runId) => at(run(workflowId, runId)),
    signal: (workflowId, runId, stepId, action) =>
      at(`${run(workflowId, runId)}/firedSignals/${id(stepId)}/${segment(action)}`),
    person: (idOrEmail) => at(`/api/people/v1/${segment(idOrEmail)}`),
    follow(link, from = baseUrl) {
      const target = URL.parse(link, from.href);
      return target !== null && isOurs(target)
        ? onOrigin(baseUrl, target.pathname, target.search)
        : undefined;
    },
  };
}

function assertSafe({ baseUrl, allowHttpToLoopback }: EndpointSettings): void {
  const isAllowedHttp =
    allowHttpToLoopback && baseUrl.protocol === 'http:' && LOOPBACK.includes(baseUrl.hostname);
  const hasCredentials = baseUrl.username !== '' || baseUrl.password !== '';
  if ((baseUrl.protocol !== 'https:' && !isAllowedHttp) || hasCredentials) {
    throw new ServiceError(
      'config.invalid',
      'the Trelica address must be https and without credentials',
      { facts: { host: baseUrl.host } },
    );
  }
}

/** By assignment, not by resolving: a path that begins with two slashes would name another host. */
function onOrigin(baseUrl: URL, path: string, search: string): URL {
  const url = new URL(baseUrl.origin);
  url.pathname = path;
  url.search = search;
  return url;
}

/** Blanks as `%20`, which every server reads, not only one that decodes forms. */
function searchOf(query: Query): string {
  return new URLSearchParams(query).toString().replaceAll('+', '%20');
}

function id(text: string): string {
  if (!trelicaId.safeParse(text).success) {
    throw refused('an id that cannot be part of a path');
  }
  return text;
}

/** Encoding leaves dots alone, and `..` would climb out of the path. */
function segment(text: string): string {
  if (['', '.', '..'].includes(text) || !text.isWellFormed()) {
    throw refused('a name that cannot be part of a path');
  }
  return encodeURIComponent(text);
}

function refused(message: string): ServiceError {
  return new ServiceError('trelica.request-refused', message);
}
