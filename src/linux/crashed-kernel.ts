/** All that can be asked of a crashed kernel. Few runs of the command do, so that all of it is behind this file. */

export { findTables, type TableCandidate, tablePageFinder } from './driver/table-scan.ts';
export { kernelLog } from './kernel-log.ts';
export { extractSnapshot } from './kernel-state.ts';
export { textFinder } from './memory/vmcoreinfo-search.ts';
export { memoryMap } from './memory-map.ts';
