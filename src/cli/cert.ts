import type { Command } from 'commander';
import { act } from './act.ts';
import { days, domain } from './arguments.ts';
import { createCert } from './cert-create.ts';
import { showCert } from './cert-show.ts';
import { GROUP } from './groups.ts';

/** A certificate signs one app in to one tenant; a year is long enough to forget it, and short enough to be seen. */
const DEFAULT_DAYS = 365;

export function registerCert(program: Command): void {
  const cert = program
    .command('cert')
    .helpGroup(GROUP.setUp)
    .description('make and look at the certificate that the service signs in with');
  cert
    .command('create')
    .description('make a new certificate: a PFX file, its password in a file, a CER file to upload')
    .requiredOption('--organization <domain>', 'the tenant, e.g. contoso.onmicrosoft.com', domain)
    .option('--out <folder>', 'where the files are written', '.')
    .option(
      '--secrets <folder>',
      'write them into the secrets folder instead, by the names the service looks for',
    )
    .option('--days <number>', 'how long it is valid', days, DEFAULT_DAYS)
    .option('--json', 'print one JSON document instead of the text')
    .addHelpText(
      'after',
      '\nExample:\n  exo-bridge cert create --organization contoso.onmicrosoft.com --secrets secrets',
    )
    .action((options) => act(options, () => createCert(options)));
  cert
    .command('show')
    .argument('<file>', 'a PFX or CER file')
    .description('show thumbprint, dates, subject and key; exits with 1 if it is not valid now')
    .option(
      '--password-file <file>',
      'holds the password of a PFX file; else EXO_BRIDGE_CERTIFICATE_PASSWORD is used',
    )
    .option('--json', 'print one JSON document instead of the text')
    .addHelpText(
      'after',
      '\nExample:\n  exo-bridge cert show secrets/certificate.pfx --password-file secrets/certificate-password',
    )
    .action((file, options) => act(options, () => showCert(file, options)));
}
