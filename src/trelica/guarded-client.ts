import type { Client } from './client.ts';
import type { Gate } from './gate.ts';

/** A client whose requests pass through the gate: while it is shut none leaves. */
export function guardedClient(client: Client, gate: Gate): Client {
  return {
    endpoints: client.endpoints,
    get: (url, schema) => gate.pass(() => client.get(url, schema)),
    find: (url, schema) => gate.pass(() => client.find(url, schema)),
    post: (url, expected) => gate.pass(() => client.post(url, expected)),
  };
}
