/** What holds in every test file. */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import './equal-bytes.ts';
import { runs } from './slow.ts';

const require = createRequire(import.meta.url);

// It starts its process in the folder in which it was loaded, which may be a test's own, long gone.
require('esbuild');

// Tables are laid out as the bundled command does it (tools/build.mjs): the original takes longer than all the rest.
const width = require.resolve('../../tools/ascii-width.cjs');
require(width);
require.cache[createRequire(require.resolve('cli-table3')).resolve('string-width')] = require.cache[width];

/**
 * Generated input is the same in every run, so that a failure is the change's and not the day's. fast-check prints the
 * seed of what fails; SMMU_ADOPT_SEED tries another one. A property that does not say how many cases it needs gets these.
 */
fc.configureGlobal({ seed: Number(process.env['SMMU_ADOPT_SEED'] ?? 0x5330), numRuns: runs(100, 4) });
