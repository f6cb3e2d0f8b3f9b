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
export type { ReachableReport } from './findings/risks/page-tables.ts';
export type { Reach, Rule, RuleArgs, Severity } from './findings/rules.ts';
export { type DumpInfo, dumpInfo } from './inspect/dump-info.ts';
export { type InspectOptions, inspect } from './inspect/inspect.ts';
export type * from './inspect/inspection.ts';
export { type LogReport, logReport } from './inspect/log-report.ts';
export type { PlatformReport } from './inspect/platform-report.ts';
export { type KernelLog, kernelLog, type LogRecord } from './linux/kernel-log.ts';
export { extractSnapshot, type KernelIdentity, type KernelState } from './linux/kernel-state.ts';
export { type MemoryMap, type MemoryMapEntry, memoryMap } from './linux/memory-map.ts';
export { findTables, type TableCandidate } from './linux/table-scan.ts';
<<<<<<< HEAD
export type { KernelLog as SmmuLogFacts } from './log/facts.ts';
=======
export type { KernelLog as LogFacts } from './log/facts.ts';
>>>>>>> log
export { LogReader } from './log/kernel-log.ts';
export type { Firmware, FirmwareSmmu, IdRange, ReservedRegion } from './platform/firmware.ts';
export { type Iomem, iomemOf, loadIomem, parseIomem } from './platform/iomem.ts';
export { findFirmware, loadDeviceTree, loadIort } from './platform/load.ts';
export type { Platform } from './platform/platform.ts';
export type { Progress } from './progress.ts';
export type { Rows } from './rows.ts';
export { type DecodedWords, decodeRecord, decodeRegister, type GivenWords, type RecordKind } from './smmu/decode.ts';
export { loadSnapshot, parseSnapshot, type SnapshotOptions } from './snapshot/load.ts';
export type { Master, Provenance, Snapshot } from './snapshot/snapshot.ts';
export { snapshotJson } from './snapshot/write.ts';
export type { CdRow, CdTableReport } from './tables/cd-rows.ts';
export type { Census } from './tables/hardware-view.ts';
export type { L1Row, L1Status } from './tables/l1-rows.ts';
export type { SteRow } from './tables/ste-rows.ts';
