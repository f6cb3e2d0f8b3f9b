/** The library: what scripts import. */

export { REVISIONS as revisions } from './adopt/revision.ts';
export type { InputFormat } from './dump/containers.ts';
export type { Dump, DumpAssumption, DumpDetails, DumpProblem, PageCensus } from './dump/dump.ts';
export type { DumpInput } from './dump/inputs.ts';
export type { LoadMapEntry } from './dump/load-map.ts';
export type { AddressRange, PageState, PhysicalMemory, StateRun } from './dump/memory.ts';
export type { DumpSource } from './dump/object-source.ts';
export { type OpenedDump, type OpenOptions, openDump } from './dump/open.ts';
export type { Transfer, UrlOptions } from './dump/range-request.ts';
export { untilFetched } from './dump/until-fetched.ts';
export type { ExcludedPolicy } from './dump/view.ts';
export { InputError, type InputErrorTag, isInputError } from './errors.ts';
export type { Finding, Location } from './findings/findings.ts';
export type { Reach, Rule, RuleArgs, Severity } from './findings/rules.ts';
export { type DumpInfo, dumpInfo } from './inspect/dump-info.ts';
export { type InspectOptions, inspect } from './inspect/inspect.ts';
export type * from './inspect/inspection.ts';
export type { Firmware, FirmwareSmmu, IdRange, ReservedRegion } from './platform/firmware.ts';
export { type Iomem, loadIomem, parseIomem } from './platform/iomem.ts';
export { findFirmware, loadDeviceTree, loadIort } from './platform/load.ts';
export type { Platform } from './platform/platform.ts';
export type { Progress } from './progress.ts';
export type { Rows } from './rows.ts';
export { loadSnapshot, parseSnapshot, type SnapshotOptions } from './snapshot/load.ts';
export type { Snapshot } from './snapshot/snapshot.ts';
