/** Properties of generated input as assertions of Vitest. */

import fc from 'fast-check';
import { expect } from 'vitest';

/** What went wrong stands in the report instead of behind it. */
const IN_FULL = { includeErrorInReport: true };

/** Fails with fast-check's account of it, seed and smallest counterexample, where `property` does not hold. */
export function holds<T>(property: fc.IProperty<T>, parameters?: fc.Parameters<T>): void {
  expectNoReport(fc.check(property, { ...parameters, ...IN_FULL }));
}

/** The same for a property that is asked asynchronously. */
export async function holdsLater<T>(property: fc.IAsyncProperty<T>, parameters?: fc.Parameters<T>): Promise<void> {
  expectNoReport(await fc.check(property, { ...parameters, ...IN_FULL }));
}

function expectNoReport<T>(details: fc.RunDetails<T>): void {
  const report = details.failed ? (fc.defaultReportMessage(details) ?? '') : null;
  expect(report, report ?? undefined).toBeNull();
}
