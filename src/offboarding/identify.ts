import type { Finding, FindingKind } from './findings.ts';
import type { People, Person, PersonRecord, Run } from './ports.ts';

const RECORD = {
  forbidden: { code: 'person-record-forbidden', byDefault: 'warn' },
  ambiguous: { code: 'person-record-ambiguous', byDefault: 'warn' },
} as const satisfies Record<string, FindingKind>;

/** Every finding `identify` may return. */
export const RECORD_FINDINGS: readonly FindingKind[] = Object.values(RECORD);

export interface Identified {
  /** Undefined if nobody can be told for sure. */
  readonly person: Person | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Whom a run is about. What the run lacks (the address, the line manager) is looked up in the person's record
 * where that is allowed; what the run says is never replaced by it.
 */
export async function identify(
  { person, personId }: Pick<Run, 'person' | 'personId'>,
  people: People | undefined,
): Promise<Identified> {
  const asked = personId ?? person?.email;
  if (people === undefined || asked === undefined || person?.managerEmail !== undefined) {
    return { person, findings: [] };
  }
  const record = await people.find(asked);
  switch (record.kind) {
    case 'found':
      return { person: completed(person, record), findings: [] };
    case 'missing':
      return { person, findings: [] };
    case 'forbidden':
    case 'ambiguous':
      return { person, findings: [{ kind: RECORD[record.kind], sentence: WHY[record.kind] }] };
  }
}

const WHY = {
  forbidden:
    'The line manager could not be looked up: the API app of Trelica lacks the scope People.Read.',
  ambiguous:
    'The line manager could not be looked up: several people in Trelica have this address.',
} as const;

function completed(
  person: Person | undefined,
  { email, name, managerEmail }: Extract<PersonRecord, { kind: 'found' }>,
): Person | undefined {
  if (person !== undefined) {
    return { ...person, managerEmail };
  }
  return email === undefined ? undefined : { email, name: name ?? email, managerEmail };
}
