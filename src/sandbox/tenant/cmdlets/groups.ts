import {
  anyone,
  type Cmdlet,
  exactlyOneForGroups,
  flag,
  matching,
  page,
  text,
  type Values,
} from '../cmdlet.ts';
import { describeRecipient } from '../describe.ts';
import { type Directory, isDistributionGroup, type Recipient } from '../directory.ts';
import {
  aMemberAlready,
  dynamicGroup,
  notAMember,
  notTheManager,
  synchronised,
} from '../refusal.ts';
import { filtered } from './recipients.ts';

export const getDistributionGroup: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'ResultSize'],
  run: (directory, values) => {
    const found = matching(directory, text(values, 'Identity'), isDistributionGroup);
    return page(filtered(directory, found, values).map(describeRecipient), values);
  },
};

export const getDistributionGroupMember: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'ResultSize'],
  run: (directory, values) => {
    const group = exactlyOneForGroups(directory, text(values, 'Identity'), isDistributionGroup);
    const members = [...group.members].map((guid) => describeRecipient(directory.get(guid)));
    return page(members, values);
  },
};

export const addDistributionGroupMember: Cmdlet = {
  kind: 'write',
  parameters: ['Identity', 'Member', 'BypassSecurityGroupManagerCheck'],
  run: (directory, values) => {
    const { group, member } = changeable('Add-DistributionGroupMember', directory, values);
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
    const { group, member } = changeable('Remove-DistributionGroupMember', directory, values);
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

/** Whom it is about, if the group's members can be changed. Throws `Refusal`. */
function changeable(
  cmdlet: string,
  directory: Directory,
  values: Values,
): { readonly group: Recipient; readonly member: Recipient } {
  const group = exactlyOneForGroups(directory, text(values, 'Identity'), isGroup);
  const member = exactlyOneForGroups(directory, text(values, 'Member'), anyone);
  if (group.kind === 'DynamicDistributionGroup') {
    throw dynamicGroup(group.name);
  }
  if (group.isDirSynced) {
    throw synchronised(cmdlet, group.name);
  }
  if (!flag(values, 'BypassSecurityGroupManagerCheck')) {
    throw notTheManager();
  }
  return { group, member };
}

/** A Microsoft 365 group is not found by the cmdlets of distribution groups. */
function isGroup(one: Recipient): boolean {
  return isDistributionGroup(one) || one.kind === 'DynamicDistributionGroup';
}
