import { bad, type Finding, good, warning } from './finding.ts';

const WHAT = 'Webhook';
const PATH = '/webhooks/trelica';
const WITHIN_MS = 10_000;
/** What a proxy answers for a service that does not run (RFC 9110, section 15.6). */
const NOBODY_BEHIND = [502, 503, 504];
/** Somebody may answer there later; an address that does not resolve or has a wrong certificate never will. */
const SILENT = [
  'ECONNREFUSED',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNRESET',
  'UND_ERR_SOCKET',
  'TimeoutError',
];

/** Asks the public address as the workflow does, without a token: our service, and nobody else, refuses that by name. */
export async function checkWebhook(publicUrl: string): Promise<Finding> {
  const url = `${publicUrl.replace(/\/+$/, '').replace(/\/webhooks\/trelica$/, '')}${PATH}`;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      redirect: 'manual',
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    return judge(url, answer.status, await answer.text());
  } catch (error) {
    return unreached(url, error);
  }
}

function judge(url: string, status: number, body: string): Finding {
  if (status === 401 && body.includes('urn:exo-bridge:problem:http.unauthorized')) {
    return good(WHAT, `${url} reaches the service`);
  }
  return NOBODY_BEHIND.includes(status)
    ? warning(
        WHAT,
        `${url} answers ${status}: a proxy is there, the service is not`,
        'start it: exo-bridge serve',
      )
    : bad(
        WHAT,
        `${url} answers ${status}, and not as this service does`,
        `let the proxy pass POST ${PATH} on to listen.host and listen.port`,
      );
}

function unreached(url: string, error: unknown): Finding {
  const code = codeOf(error);
  return SILENT.includes(code)
    ? warning(
        WHAT,
        `nobody answers at ${url} (${code})`,
        'start the service, and let the firewall pass Trelica',
      )
    : bad(
        WHAT,
        `${url} cannot be reached (${code})`,
        'correct the name, the DNS entry or the certificate of the proxy',
      );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  if ('code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}
