import type { Cmdlet } from '../cmdlet.ts';
import { ACCEPTED_DOMAINS, DOMAIN } from '../domains.ts';
import { notFound } from '../refusal.ts';
import { text } from '../values.ts';

export const getAcceptedDomain: Cmdlet = {
  kind: 'read',
  parameters: ['Identity', 'ResultSize'],
  run: (_directory, values) => {
    const asked = text(values, 'Identity')?.toLowerCase();
    const found = ACCEPTED_DOMAINS.filter((domain) => asked === undefined || asked === domain);
    if (found.length === 0) {
      throw notFound(asked ?? '');
    }
    const objects = found.map((domain) => ({
      Name: domain,
      DomainName: domain,
      DomainType: 'Authoritative',
      Default: domain === DOMAIN,
    }));
    return { objects };
  },
};

const OUTBOUND_POLICY = 'Default';

export const getHostedOutboundSpamFilterPolicy: Cmdlet = {
  kind: 'read',
  parameters: ['Identity'],
  run: ({ autoForwarding }, values) => {
    const asked = text(values, 'Identity');
    if (asked !== undefined && asked.toLowerCase() !== OUTBOUND_POLICY.toLowerCase()) {
      throw notFound(asked);
    }
    const policy = {
      Identity: OUTBOUND_POLICY,
      Name: OUTBOUND_POLICY,
      IsDefault: true,
      AutoForwardingMode: autoForwarding,
    };
    return { objects: [policy] };
  },
};

export const getRemoteDomain: Cmdlet = {
  kind: 'read',
  parameters: ['ResultSize'],
  run: () => ({
    objects: [
      {
        Identity: 'Default',
        DomainName: '*',
        AllowedOOFType: 'External',
        AutoReplyEnabled: true,
        AutoForwardEnabled: true,
      },
    ],
  }),
};
