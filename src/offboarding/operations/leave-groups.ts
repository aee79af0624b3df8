import { z } from 'zod';
import { call } from '../../cmdlets/call.ts';
import type { Identity } from '../../cmdlets/identity.ts';
import { opathText } from '../../cmdlets/opath.ts';
import {
  GROUP_PROPERTIES,
  type Group,
  groupImage,
  groupSeen,
  parseGroup,
  reasonToLeaveAlone,
  touched,
} from '../groups.ts';
import type { Mailbox } from '../mailbox.ts';
import { section } from '../section.ts';
import type { Subject } from '../subject.ts';
import type { Change, Operation, OperationKind, OperationPlan } from './operation.ts';

const NAME = 'leave-groups';

const settings = section({
  /** Mail-enabled security groups may also give access to things: a choice of its own. */
  securityGroups: z.boolean().default(false),
});
type Settings = z.infer<typeof settings>;

const seen = z.object({ groups: z.array(groupSeen) });
type Seen = z.infer<typeof seen>;

/**
 * Takes the person off every distribution list they are a direct member of. One query on the member's
 * distinguished name finds them all, however many groups the tenant has and however large they are.
 */
export const leaveGroups: OperationKind<Settings, Seen> = {
  name: NAME,
  settings,
  findings: [],
  roles: [
    { role: 'Distribution Groups', because: 'to change the members of lists' },
    {
      role: 'Security Group Creation and Membership',
      because: 'to change lists that the app does not manage',
    },
  ],
  seen,
  configure: (chosen) => ({
    name: NAME,
    reads: readMemberships,
    plan: ({ mailbox }, [rows = []]) => planFor(mailbox.guid, rows.map(parseGroup), chosen),
  }),
  restore,
  describe: ({ groups }) => groups.map(({ label, type }) => `Member of ${label}, ${type}`),
};

function readMemberships({ mailbox }: Subject) {
  return [
    call(
      'Get-Recipient',
      {
        Filter: `Members -eq ${opathText(mailbox.distinguishedName)}`,
        ResultSize: 'Unlimited',
      },
      GROUP_PROPERTIES,
    ),
  ];
}

function planFor(
  member: Identity,
  groups: readonly Group[],
  chosen: Settings,
): OperationPlan<Seen> {
  const kept = groups.flatMap((group) => {
    const reason = reasonToLeaveAlone(group, chosen, LEFT_ALONE);
    return reason === undefined ? [] : [{ operation: NAME, what: group.label, reason }];
  });
  return {
    changes: groups
      .filter((group) => reasonToLeaveAlone(group, chosen, LEFT_ALONE) === undefined)
      .map((group) => leave(member, group)),
    findings: [],
    skipped: kept,
    seen: imageOf(groups),
  };
}

function imageOf(groups: readonly Group[]): Seen {
  return { groups: groups.map(groupImage) };
}

function leave(member: Identity, group: Group): Change {
  return {
    id: `${NAME}:${group.guid}`,
    operation: NAME,
    sentence: `Leave ${group.label}`,
    call: call('Remove-DistributionGroupMember', {
      Identity: group.guid,
      Member: member,
      BypassSecurityGroupManagerCheck: true,
      Confirm: false,
    }),
    required: true,
    elsewhere: touched(group),
    // Not every answer says that a group is synchronised; the refusal does.
    tolerates: ['exchange.synchronised'],
  };
}

const LEFT_ALONE = {
  synchronised: 'remove the member there',
  dynamic: 'a dynamic group has no members to remove; its rule decides',
  role: 'remove the member there by hand',
};

function restore(before: Seen): Operation<Seen> {
  return {
    name: NAME,
    reads: readMemberships,
    plan: ({ mailbox }, [rows = []]) => {
      const current = rows.map(parseGroup);
      const isMember = new Set(current.map(({ guid }) => guid.toLowerCase()));
      return {
        changes: before.groups
          .filter(({ guid }) => !isMember.has(guid.toLowerCase()))
          .map((group) => join(mailbox, group)),
        findings: [],
        skipped: [],
        seen: imageOf(current),
      };
    },
  };
}

function join({ guid: member }: Mailbox, group: Seen['groups'][number]): Change {
  return {
    id: `${NAME}:${group.guid}`,
    operation: NAME,
    sentence: `Join ${group.label} again`,
    call: call('Add-DistributionGroupMember', {
      Identity: group.guid,
      Member: member,
      BypassSecurityGroupManagerCheck: true,
      Confirm: false,
    }),
    required: true,
    elsewhere: touched(group),
  };
}
