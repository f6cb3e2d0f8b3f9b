/** What is held against what? */

/** The same thing at both moments. */
export interface BeforeAfter<T> {
  readonly before: T;
  readonly after: T;
}
