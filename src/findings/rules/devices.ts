/** Findings about the devices of the kdump kernel: who is refused, what the SMMU loses by it, and what is not known. */

import { DEVICE_DOUBTS } from './devices/doubts.ts';
import { REFUSALS } from './devices/refusals.ts';

export const DEVICES = { ...REFUSALS, ...DEVICE_DOUBTS };
