import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Makes src/cmdlets/documented.json, what the documentation says about the cmdlets we use or may use
 * soon, from a full extract of its pages: `node scripts/document-cmdlets.ts <extract.json>`.
 */
const TARGET = 'src/cmdlets/documented.json';

/** Looked at for the extract, but no business of somebody leaving or joining. */
const LEFT_OUT = new Set([
  'Disable-App',
  'Get-ManagementRole',
  'Get-ManagementRoleAssignment',
  'Get-MailboxPlan',
  'Get-MessageTrace',
  'Get-ServicePrincipal',
  'Get-SweepRule',
  'Get-TransportRule',
  'New-Mailbox',
  'New-ServicePrincipal',
  'Remove-SweepRule',
  'Set-MailboxCalendarConfiguration',
  'Set-MailboxMessageConfiguration',
]);

const parameter = z.object({
  type: z.string(),
  required: z.boolean(),
  position: z.number().nullable(),
  aliases: z.array(z.string()),
  sets: z.array(z.string()),
});
const extract = z.object({
  _meta: z.object({ source: z.string(), path: z.string(), commit: z.string() }),
  cmdlets: z.record(
    z.string(),
    z.object({
      parameterSets: z.array(
        z.object({ name: z.string(), default: z.boolean(), mandatory: z.array(z.string()) }),
      ),
      parameters: z.record(z.string(), parameter),
    }),
  ),
});
type Cmdlet = z.infer<typeof extract>['cmdlets'][string];

function reduceCmdlet({ parameterSets, parameters }: Cmdlet) {
  return {
    sets: parameterSets.map((set) => ({
      name: set.name,
      ...(set.default ? { default: true } : {}),
      mandatory: set.mandatory,
    })),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, reduceParameter(value)]),
    ),
  };
}

/** Leaves out what is the usual case: every set, optional, by name only, no alias. */
function reduceParameter({ type, required, position, aliases, sets }: z.infer<typeof parameter>) {
  return {
    type,
    ...(sets.includes('*') ? {} : { sets }),
    ...(required ? { required } : {}),
    ...(position === null ? {} : { position }),
    ...(aliases.length === 0 ? {} : { aliases }),
  };
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  throw new Error('usage: node scripts/document-cmdlets.ts <extract.json>');
}
const { _meta: meta, cmdlets } = extract.parse(JSON.parse(readFileSync(path, 'utf8')));
const kept = Object.entries(cmdlets).filter(([name]) => !LEFT_OUT.has(name));
const head = {
  source: `${meta.source}/tree/${meta.commit}/${meta.path}`,
  licence: 'CC-BY-4.0 (the documentation); only names and types are kept here',
};
// One cmdlet a line: small, and a change shows in a diff.
const lines = kept.map(
  ([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(reduceCmdlet(one))}`,
);
const text = `${JSON.stringify(head).slice(0, -1)},"cmdlets":{\n${lines.join(',\n')}\n}}\n`;
writeFileSync(TARGET, text);
console.log(`${TARGET}: ${kept.length} cmdlets, ${text.length} characters`);
