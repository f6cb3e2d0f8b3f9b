/** The library: what scripts import. */

export { REVISIONS as revisions } from './adopt/revision.ts';
export type { Dump } from './dump/dump.ts';
export { type OpenedDump, type OpenOptions, openDump } from './dump/open.ts';
export { InputError, type InputErrorTag, isInputError } from './errors.ts';
export type { Finding, Location } from './inspect/findings.ts';
export { type InspectOptions, inspect } from './inspect/inspect.ts';
export type * from './inspect/inspection.ts';
export type { Reach, Rule, RuleArgs, Severity } from './inspect/rules.ts';
export { type Iomem, loadIomem, parseIomem } from './platform/iomem.ts';
export { loadSnapshot, parseSnapshot, type SnapshotOptions } from './snapshot/load.ts';
export type { Snapshot } from './snapshot/snapshot.ts';
