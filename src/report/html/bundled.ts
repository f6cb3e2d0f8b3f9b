/**
 * The browser's part of the report as text. This module is for running out of the sources, in tests and tools, where it
 * bundles on demand; the build puts the two texts in its place.
 */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export function bundledAssets(): { readonly script: string; readonly style: string } {
  const here = process.cwd();
  try {
    // esbuild works in the folder that it was loaded in, for good: a test's may be gone by then.
    process.chdir(fileURLToPath(new URL('.', import.meta.url)));
    return createRequire(import.meta.url)('../../../tools/report-assets.cjs').bundleReportAssets();
  } finally {
    process.chdir(here);
  }
}
