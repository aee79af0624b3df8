/** How one attempt at a job ended; the queue acts on it. Failures worth another attempt are thrown instead. */
export type Conclusion =
  | { readonly kind: 'done'; readonly reason?: Reason }
  /** There is nothing left for us to do, and it was not us who did it. */
  | { readonly kind: 'superseded'; readonly reason: Reason }
  /** A person must act. */
  | { readonly kind: 'needs-attention'; readonly reason: Reason }
  /** Not without somebody's approval. */
  | { readonly kind: 'held'; readonly reason: Reason }
  /** Not yet: a planned wait. */
  | { readonly kind: 'later'; readonly reason: Reason; readonly afterMs: number };

export interface Reason {
  readonly code: string;
  readonly message: string;
}

export function attention(code: string, message: string): Conclusion {
  return { kind: 'needs-attention', reason: { code, message } };
}
