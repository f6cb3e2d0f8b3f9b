/** Findings about the outcome as a whole: how the adoption ends, how the revisions differ, what the log says. */

import { AFTERMATH } from './outcome/aftermath.ts';
import { DOUBTS } from './outcome/doubts.ts';
import { FAILED_ADOPTIONS } from './outcome/failed-adoptions.ts';

export const VERDICT = { ...FAILED_ADOPTIONS, ...DOUBTS, ...AFTERMATH };
