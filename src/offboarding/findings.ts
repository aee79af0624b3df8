/** `stop` ends the job before anything is changed; `ignore` leaves the finding out. */
export const SEVERITIES = ['stop', 'warn', 'ignore'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Something that may be found out. The code is what a policy names to say what it means there. */
export interface FindingKind {
  readonly code: string;
  /** What it means unless the policy says otherwise. */
  readonly byDefault: Severity;
}

/** What a person should know. */
export interface Finding {
  readonly kind: FindingKind;
  readonly sentence: string;
  /** Does not count once the job has made this change itself: its id. */
  readonly unlessMade?: string;
}

/** What a policy says about findings, by code; the rest is as by default. */
export type FindingPolicy = Readonly<Record<string, Severity | undefined>>;

/** A finding and what it means here. */
export interface JudgedFinding {
  readonly code: string;
  readonly severity: Exclude<Severity, 'ignore'>;
  readonly sentence: string;
  readonly unlessMade?: string;
}

/** Leaves out what is ignored. */
export function judgeFindings(
  findings: readonly Finding[],
  policy: FindingPolicy,
): readonly JudgedFinding[] {
  return findings.flatMap(({ kind: { code, byDefault }, ...finding }) => {
    const severity = policy[code] ?? byDefault;
    return severity === 'ignore' ? [] : [{ code, severity, ...finding }];
  });
}

/** The finding that forbids to change anything, if there is one. */
export function stopOf(findings: readonly JudgedFinding[]): JudgedFinding | undefined {
  return findings.find((finding) => finding.severity === 'stop');
}
