import type { Tenant } from '../../src/sandbox/tenant/tenant.ts';
import type { Values } from '../../src/sandbox/tenant/values.ts';

/**
 * The calls that EXOWorkflowSync.ps1 makes for one leaver, in its order, as of March 2025
 * (github.com/trelica/powershell): it reads the members of every list. What is refused it prints, and goes on.
 */
export function replayScript(tenant: Tenant, email: string, manager: string): void {
  const run = (cmdlet: string, values: Values) => {
    const reply = tenant.run(cmdlet, values);
    return reply.kind === 'answer' ? reply.answer.objects : [];
  };
  // The real ones that ask nobody are not given -Confirm there.
  const unasked = { Identity: email, Confirm: false };
  run('Set-Mailbox', { ...unasked, Type: 'Shared' });
  const everything = { AccessRights: ['FullAccess'], InheritanceType: 'All' };
  run('Add-MailboxPermission', { ...unasked, User: manager, ...everything });
  run('Add-RecipientPermission', { ...unasked, Trustee: manager, AccessRights: ['SendAs'] });
  for (const group of run('Get-DistributionGroup', { ResultSize: 'Unlimited' })) {
    if (group['RecipientTypeDetails'] === 'MailUniversalSecurityGroup') {
      continue;
    }
    const Identity = group['Guid'];
    const members = run('Get-DistributionGroupMember', { Identity });
    if (members.some((one) => one['PrimarySmtpAddress'] === email)) {
      run('Remove-DistributionGroupMember', { Identity, Member: email, Confirm: false });
    }
  }
}
