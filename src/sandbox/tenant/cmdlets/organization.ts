import type { Cmdlet } from '../cmdlet.ts';
import { DOMAIN, ORGANIZATION } from '../populate.ts';

export const getAcceptedDomain: Cmdlet = {
  kind: 'read',
  parameters: [],
  run: () => ({
    objects: [DOMAIN, ORGANIZATION, 'example.net'].map((domain) => ({
      Name: domain,
      DomainName: domain,
      DomainType: 'Authoritative',
      Default: domain === DOMAIN,
    })),
  }),
};
