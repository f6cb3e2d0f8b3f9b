/** DMA of the crashed kernel's devices: why it goes on, what happens to it otherwise, and who checks what is translated already. */

import type { SmmuFate } from '../../adopt/devices/fate.ts';

/** Fates of an SMMU in which the old tables stay in force. */
export type GoesOn = Extract<SmmuFate['kind'], 'adopted' | 'never-programmed' | 'probe-fails'>;

/** What becomes of DMA that is not kept alive; of an SMMU that is lost GBPA.ABORT decides. */
export type CutOff = 'reset-aborts' | 'kernel-dies' | 'lost-aborts' | 'lost-bypasses' | 'lost-unknown';

/** CR0.ATSCHK before, and what the reset makes of it. */
export type AtschkChange = 'unknown' | 'stays-0' | 'stays-1' | 'set';

/** Why DMA goes on. */
export const GOES_ON: Readonly<Record<GoesOn, string>> = {
  adopted: 'once adopted',
  'never-programmed': 'by the old table, which stays in force',
  'probe-fails': 'by the old table, which nobody touches',
};

/** What happens to it otherwise. */
export const CUT_OFF: Readonly<Record<CutOff, string>> = {
  'reset-aborts': 'the reset aborts their DMA, and a device that answers with an error may bring the machine down',
  'kernel-dies': 'the kdump kernel dies before it comes to them',
  'lost-aborts': 'the SMMU is lost, and all DMA is aborted',
  'lost-bypasses': 'the SMMU is lost, and all DMA passes untranslated',
  'lost-unknown': 'the SMMU is lost, and GBPA.ABORT, which is not known, decides for them',
};

/** Whether requests that devices have translated themselves are checked. */
export const ATSCHK: Readonly<Record<AtschkChange, string>> = {
  unknown: 'CR0.ATSCHK is not known',
  'stays-0': 'CR0.ATSCHK is 0 and stays, so translated requests are not checked',
  'stays-1': 'CR0.ATSCHK is 1 and stays',
  set: 'CR0.ATSCHK is 0 and this revision sets it, so translated requests are checked all of a sudden',
};
