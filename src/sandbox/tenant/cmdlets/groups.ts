import { type Cmdlet, page } from '../cmdlet.ts';
import { describeRecipient } from '../describe.ts';
import { type Directory, isDistributionGroup, type Recipient } from '../directory.ts';
import { filtered } from '../filter.ts';
import { anyone, exactlyOneForGroups, matching } from '../find.ts';
import { text, texts, type Values } from '../values.ts';

export const getDistributionGroup: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'Filter', 'ManagedBy', 'RecipientTypeDetails', 'ResultSize'],
  run: (directory, values) => {
    const kinds = texts(values, 'RecipientTypeDetails');
    const groups = filtered(directory, candidates(directory, values), values, 'groups')
      .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
      .map((one) => describeRecipient(one, directory));
    return page(groups, values);
  },
};

function candidates(directory: Directory, values: Values): readonly Recipient[] {
  const owner = text(values, 'ManagedBy');
  if (owner === undefined) {
    return matching(directory, text(values, 'Identity'), isDistributionGroup);
  }
  const { guid } = exactlyOneForGroups(directory, owner, anyone);
  return directory.all().filter((one) => isDistributionGroup(one) && one.managedBy.has(guid));
}

export const getDistributionGroupMember: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'ResultSize'],
  run: (directory, values) => {
    const group = exactlyOneForGroups(directory, text(values, 'Identity'), isDistributionGroup);
    const members = Array.from(group.members, (guid) =>
      describeRecipient(directory.get(guid), directory),
    );
    return page(members, values);
  },
};
