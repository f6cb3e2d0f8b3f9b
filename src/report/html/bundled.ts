/**
 * The browser's part of the report as text. This module is for running out of the sources, in tests and tools, where it
 * bundles on demand; the build puts the two texts in its place.
 */

import { createRequire } from 'node:module';

export function bundledAssets(): { readonly script: string; readonly style: string } {
  return createRequire(import.meta.url)('../../../tools/report-assets.cjs').bundleReportAssets();
}
