/** What the stand-ins and the simulated tenant say to each other; not the real service's wire. */

/** A value as the tenant returns it. What JSON has not is tagged: dates, sizes, and numbers too large for it. */
export type WireValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | { readonly $date: string }
  | { readonly $bytes: number; readonly text: string }
  | { readonly $long: string };
export type WireObject = Readonly<Record<string, WireValue>>;

export interface WireError {
  /** `stringId|class|text`, as the real service writes it. */
  readonly message: string;
  /** Short name of the class. */
  readonly reason: string;
  readonly category: string;
  readonly activity: string;
  readonly fullyQualifiedErrorId: string;
}

/** The answer to a cmdlet. One with errors may come with an HTTP status of its own (429, 503). */
export interface WireAnswer {
  readonly objects: readonly WireObject[];
  readonly warnings: readonly string[];
  readonly errors: readonly WireError[];
}

/** How an application signs in, without any secret. */
export interface SignIn {
  readonly kind: 'certificate' | 'managed-identity' | 'access-token';
  readonly appId?: string | undefined;
  readonly organization?: string | undefined;
  readonly thumbprint?: string | undefined;
}
