/**
 * How synchronous code reads what comes asynchronously: it is run, what it lacks is fetched, and it is run again, until
 * it lacks nothing. Everything that reads a dump can be run again, because reading changes nothing but caches.
 */

/** Thrown by a read of bytes that have not come yet, and caught by {@link untilFetched}. */
export class NotFetchedYet extends Error {
  readonly fetch: () => Promise<void>;

  constructor(name: string, fetch: () => Promise<void>) {
    super(`${name}: these bytes have not been fetched; read inside untilFetched(), which waits for them`);
    this.name = 'NotFetchedYet';
    this.fetch = fetch;
  }
}

/**
 * The result of `work`, which may read dumps whose bytes come asynchronously. It is run anew whenever it has met bytes
 * that had to be fetched, so it must not change anything of its own before it has read all it needs.
 */
export async function untilFetched<T>(work: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotFetchedYet)) throw error;
      await error.fetch();
    }
  }
}
