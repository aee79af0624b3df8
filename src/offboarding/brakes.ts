import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import { addressSetting, domainOf, type EmailAddress } from './address.ts';
import type { Reason } from './conclusion.ts';
import { section } from './section.ts';
import type { Verdict } from './verdict.ts';

/** What keeps a fault elsewhere, or somebody else's hand, from emptying a company. */
export const brakeSettings = section({
  /** Leavers begun within an hour and within a day; the next ones are held until somebody approves them. */
  perHour: z.int().min(1).max(100_000).default(20),
  perDay: z.int().min(1).max(100_000).default(100),
  /** People, mailboxes and groups that nothing is done to, by any of their addresses. */
  neverTouch: z.array(addressSetting).default([]),
  /** If given, nothing is done for a leaver whose address is in another domain. */
  allowedDomains: z
    .array(
      z
        .string()
        .trim()
        .toLowerCase()
        .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a domain name'),
    )
    .min(1)
    .optional(),
});
export type Brakes = Readonly<z.infer<typeof brakeSettings>>;

/** A brake on how many: at most so many within so long. */
export interface Limit {
  readonly most: number;
  readonly withinMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function limitsOf({ perHour, perDay }: Brakes): readonly Limit[] {
  return [
    { most: perHour, withinMs: HOUR_MS },
    { most: perDay, withinMs: DAY_MS },
  ];
}

/** Why a job is held that came after the limit was used up. */
export function heldBy({ most, withinMs }: Limit): Reason {
  const [unit, within] = withinMs === HOUR_MS ? ['hour', 'an hour'] : ['day', 'a day'];
  const message = `${most} leavers were begun within ${within}; this one waits for approval`;
  return { code: `over-limit-per-${unit}`, message };
}

/** Why nothing may be done to somebody, as a finding that no policy can turn off. */
export interface Protection {
  readonly code: 'never-touch' | 'foreign-domain';
  readonly severity: 'stop';
  readonly sentence: string;
}

/** The addresses of somebody, as they came and as Exchange has them. */
export interface Addresses {
  readonly named: EmailAddress;
  /** The first address of the mailbox. */
  readonly primary: EmailAddress;
  /** All of the mailbox. */
  readonly all: readonly string[];
}

/**
 * Pure. Undefined if the brakes leave this person free. Every address counts, so that no alias leads around
 * the list. Of domains only the first two do: any mailbox has some address in a domain of the provider's.
 */
export function protectionOf(
  { named, primary, all }: Addresses,
  { neverTouch, allowedDomains }: Brakes,
): Protection | undefined {
  const untouchable = untouchableAmong([named, primary, ...all], { neverTouch });
  if (untouchable !== undefined) {
    const sentence = `${untouchable} is on the list of those never to touch.`;
    return { code: 'never-touch', severity: 'stop', sentence };
  }
  const foreign = [named, primary].find(
    (address) => allowedDomains !== undefined && !allowedDomains.includes(domainOf(address)),
  );
  return foreign === undefined
    ? undefined
    : {
        code: 'foreign-domain',
        severity: 'stop',
        sentence: `${foreign} is in none of the allowed domains.`,
      };
}

/**
 * Pure. Whether the list protects what has these addresses, whoever leaves. Whoever is on it may still be given
 * something: that changes what the leaver had, and nothing of theirs.
 */
export function isUntouchable(addresses: readonly string[], brakes: NeverTouch): boolean {
  return untouchableAmong(addresses, brakes) !== undefined;
}

type NeverTouch = Pick<Brakes, 'neverTouch'>;

function untouchableAmong(
  addresses: readonly string[],
  { neverTouch }: NeverTouch,
): EmailAddress | undefined {
  return neverTouch.find((address) => addresses.includes(address));
}

const REFUSALS = {
  'never-touch': 'offboarding.never-touch',
  'foreign-domain': 'offboarding.foreign-domain',
} as const satisfies Record<Protection['code'], ErrorCode>;

/** What a job is told that would have done something to somebody protected. */
export function refusalOf({ code, sentence }: Protection): Extract<Verdict, { kind: 'fail' }> {
  return { kind: 'fail', code: REFUSALS[code], reason: sentence };
}
