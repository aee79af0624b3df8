import assert from 'node:assert/strict';
import type { FaultOrder } from '../../src/sandbox/tenant/faults.ts';
import { faultList } from '../../src/sandbox/tenant/faults.ts';
import { type Population, populate } from '../../src/sandbox/tenant/populate.ts';
import { type State, stateOf } from '../../src/sandbox/tenant/state.ts';
import { type Reply, Tenant } from '../../src/sandbox/tenant/tenant.ts';
import type { WireAnswer, WireError, WireObject } from '../../src/sandbox/wire.ts';

export const LEE = "lee.o'neil-astrom@example.org";
export const MAX = 'max.muster@example.org';
export const LI = 'li.na@example.org';
export const ADA = 'ada.boss@example.org';
export const SARA = 'sara.shared@example.org';
export const SVEN = 'sven.synced@example.org';

type Parameters = Readonly<Record<string, unknown>>;

/** A tenant without its HTTP front, small enough to make one for each test. */
export class Scene {
  now = new Date('2026-03-02T09:00:00Z');
  readonly tenant: Tenant;

  constructor(population: Partial<Population> = {}, visibilityLagReads = 0) {
    const whole = { people: 30, groups: 12, seed: 1, contacts: 3, ...population };
    const settings = { seed: whole.seed, visibilityLagReads, now: () => this.now };
    this.tenant = new Tenant(() => populate(whole), settings);
  }

  order(...faults: readonly FaultOrder[]): void {
    this.tenant.faults.order(faultList.parse(faults));
  }

  /** Whatever becomes of the call; writes do not ask. */
  call(cmdlet: string, parameters: Parameters = {}): Reply {
    const confirm = cmdlet.startsWith('Get-') ? {} : { Confirm: false };
    return this.tenant.run(cmdlet, { ...confirm, ...parameters });
  }

  run(cmdlet: string, parameters: Parameters = {}): WireAnswer {
    const reply = this.call(cmdlet, parameters);
    assert.ok(reply.kind === 'answer', reply.kind);
    assert.deepEqual(reply.answer.errors, []);
    return reply.answer;
  }

  one(cmdlet: string, parameters: Parameters = {}): WireObject {
    const [only, ...more] = this.run(cmdlet, parameters).objects;
    assert.ok(only !== undefined && more.length === 0);
    return only;
  }

  failure(cmdlet: string, parameters: Parameters = {}): WireError {
    const reply = this.call(cmdlet, parameters);
    assert.ok(reply.kind === 'answer', reply.kind);
    const [error] = reply.answer.errors;
    assert.ok(error, 'it did not fail');
    return error;
  }

  state(address: string): State {
    const [only, ...more] = stateOf(this.tenant.truth, address);
    assert.ok(only !== undefined && more.length === 0);
    return only;
  }

  mailbox(address: string): NonNullable<State['mailbox']> {
    const { mailbox } = this.state(address);
    assert.ok(mailbox);
    return mailbox;
  }

  /** Lets reads pass that look at nothing. */
  reads(count: number): void {
    for (let read = 0; read < count; read += 1) {
      this.run('Get-AcceptedDomain');
    }
  }

  dn(address: string): string {
    return String(this.one('Get-Recipient', { Identity: address })['DistinguishedName']);
  }
}

/** Asserts that nothing was changed and that the cmdlet said so. */
export function assertUnmodified({ warnings }: WireAnswer): void {
  assert.match(warnings[0] ?? '', /no settings of '.*' have been modified/);
}
