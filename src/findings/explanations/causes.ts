/** Causes that many rules share, as their explanations list them. */

export const OVERWRITTEN = 'overwritten memory: a stray write of the crashed kernel, or DMA that is still going on';
export const BIT_FLIP = 'a flipped bit, if the value is one bit away from a good one: look for RAS records';
