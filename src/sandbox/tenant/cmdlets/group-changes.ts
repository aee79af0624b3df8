import { changing } from '../change.ts';
import type { Answer, Cmdlet } from '../cmdlet.ts';
import { type Directory, isDistributionGroup, type Recipient } from '../directory.ts';
import { anyone, exactlyOneForGroups } from '../find.ts';
import {
  aMemberAlready,
  dynamicGroup,
  noOwnerLeft,
  notAMember,
  notTheManager,
  synchronised,
} from '../refusal.ts';
import { eligibleTrustee } from '../trustee.ts';
import { flag, isGiven, listChange, text, type Values } from '../values.ts';

export const addDistributionGroupMember: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Member', 'BypassSecurityGroupManagerCheck'],
  run: (directory, values) => {
    const { group, member } = membership('Add-DistributionGroupMember', directory, values);
    if (group.members.has(member.guid)) {
      throw aMemberAlready(member.name, group.name);
    }
    return {
      effect: (current) => {
        current.get(group.guid).members.add(member.guid);
      },
    };
  },
};

export const removeDistributionGroupMember: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Member', 'BypassSecurityGroupManagerCheck'],
  run: (directory, values) => {
    const { group, member } = membership('Remove-DistributionGroupMember', directory, values);
    if (!group.members.has(member.guid)) {
      throw notAMember(member.name, group.name);
    }
    return {
      effect: (current) => {
        current.get(group.guid).members.delete(member.guid);
      },
    };
  },
};

export const setDistributionGroup: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'ManagedBy', 'BypassSecurityGroupManagerCheck'],
  run: (directory, values) => changeOwners(directory, values),
};

function changeOwners(directory: Directory, values: Values): Answer {
  const group = exactlyOneForGroups(directory, text(values, 'Identity'), isGroup);
  assertChangeable('Set-DistributionGroup', group, values);
  if (!isGiven(values, 'ManagedBy')) {
    return changing(group, () => undefined);
  }
  const change = listChange(
    values,
    'ManagedBy',
    (identity) => eligibleTrustee(directory, identity).guid,
  );
  if (change(group.managedBy).size === 0) {
    throw noOwnerLeft(group.name);
  }
  return changing(group, (target) => {
    target.managedBy = change(target.managedBy);
  });
}

/** Whom it is about, if the group's members can be changed. Throws `Refusal`. */
function membership(
  cmdlet: string,
  directory: Directory,
  values: Values,
): { readonly group: Recipient; readonly member: Recipient } {
  const group = exactlyOneForGroups(directory, text(values, 'Identity'), isGroup);
  const member = exactlyOneForGroups(directory, text(values, 'Member'), anyone);
  assertChangeable(cmdlet, group, values);
  return { group, member };
}

function assertChangeable(cmdlet: string, group: Recipient, values: Values): void {
  if (group.kind === 'DynamicDistributionGroup') {
    throw dynamicGroup(group.name);
  }
  if (group.isDirSynced) {
    throw synchronised('group', cmdlet, group.name);
  }
  if (!flag(values, 'BypassSecurityGroupManagerCheck')) {
    throw notTheManager();
  }
}

/** A Microsoft 365 group is not found by the cmdlets of distribution groups. */
function isGroup(one: Recipient): boolean {
  return isDistributionGroup(one) || one.kind === 'DynamicDistributionGroup';
}
