import assert from 'node:assert/strict';
import type { RunningTenant } from '../../src/sandbox/tenant/start-tenant.ts';
import type { WireAnswer } from '../../src/sandbox/wire.ts';

export interface TenantAnswer extends WireAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
}
export type RunCmdlet = (
  cmdlet: string,
  parameters?: Record<string, unknown>,
) => Promise<TenantAnswer>;

async function post(url: string, body: unknown, token = ''): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
}

/** Signs in at the tenant and runs cmdlets there, as a stand-in does. */
export async function signIn(tenant: RunningTenant): Promise<RunCmdlet> {
  const { appId, organization, url } = tenant;
  const response = await post(`${url}/connect`, { kind: 'certificate', appId, organization });
  assert.equal(response.status, 200);
  const { token } = (await response.json()) as { token: string };
  return async (cmdlet, parameters = {}) => {
    const answer = await post(`${url}/cmdlet`, { cmdlet, parameters }, token);
    const body = (await answer.json()) as WireAnswer;
    return { ...body, status: answer.status, retryAfter: answer.headers.get('retry-after') };
  };
}
