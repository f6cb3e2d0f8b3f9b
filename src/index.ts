/**
 * The library: what scripts import. One function for each thing that the command does, of an opened dump, a snapshot and
 * options; the reports that they give are plain facts, which the renderers write down in every format.
 */

export type { KernelVersion } from './adopt/devices/registration.ts';
// What is answered.
export type { Failures } from './adopt/ledger.ts';
export { REVISIONS as revisions } from './adopt/revisions/revisions.ts';
export type * from './diff/before-after.ts';
export { type DiffOptions, diff } from './diff/diff.ts';
export type * from './diff/mapping-report.ts';
export type * from './diff/report.ts';
// What goes in.
export type { InputFormat } from './dump/containers.ts';
export type { Dump, DumpAssumption, DumpDetails, PageCensus } from './dump/dump.ts';
export type { DumpInput } from './dump/inputs.ts';
export type { LoadMapEntry } from './dump/load-map.ts';
export type { AddressRange, PageState, PhysicalMemory, StateRun } from './dump/memory.ts';
export { type OpenedDump, type OpenOptions, openDump } from './dump/open.ts';
export type { DumpFlaw, DumpProblem } from './dump/problem.ts';
export type { DumpSource } from './dump/sources/object-source.ts';
export type { Transfer, UrlOptions } from './dump/sources/range-request.ts';
export { untilFetched } from './dump/sources/until-fetched.ts';
export type { ExcludedPolicy } from './dump/view.ts';
export { InputError, type InputErrorTag, isInputError } from './errors.ts';
export type { Explained, ExplainedGroup } from './findings/explanations/catalogue.ts';
export { type ExplainReport, explain } from './findings/explanations/explain.ts';
export type { Finding, Location } from './findings/findings.ts';
export type { ReachableReport } from './findings/risks/page-tables.ts';
export type { Reach, Rule, RuleArgs, Severity } from './findings/rules.ts';
export { completedFromDump, type GivenEvidence, type KernelEvidence, logOfCrash } from './inspect/crashed-kernel.ts';
export { type DumpInfo, dumpInfo } from './inspect/dump-info.ts';
export { type ValidatedSnapshot, validateRegisters } from './inspect/emulation/register-outlook.ts';
export { type InspectOptions, inspect } from './inspect/inspect.ts';
export type * from './inspect/inspection.ts';
export type { ListingOptions } from './inspect/listing.ts';
export { type LogReport, logReport } from './inspect/log/log-report.ts';
export { type LogInput, type ReadLogOptions, readLog } from './inspect/log/read-log.ts';
export type { PlannedStreams, PlanOptions } from './inspect/plan.ts';
export type { PlatformReport } from './inspect/platform-report.ts';
export { type ShowOptions, show } from './inspect/show.ts';
export type { StreamOutcome, StreamReport } from './inspect/stream.ts';
export { findTables, type TableCandidate } from './linux/driver/table-scan.ts';
// What the crashed kernel itself knew.
export { type FoundLog, type KernelLog, kernelLog, type LogRecord } from './linux/kernel-log.ts';
export { extractSnapshot, type KernelIdentity, type KernelState } from './linux/kernel-state.ts';
export { type FoundMap, type MemoryMap, type MemoryMapEntry, memoryMap } from './linux/memory-map.ts';
export type { KernelLog as LogFacts } from './log/facts.ts';
export { LogReader } from './log/kernel-log.ts';
export type { SidList } from './platform/asked-streams.ts';
export type { Capture, EvidenceOptions } from './platform/evidence.ts';
export type { Firmware, FirmwareSmmu, IdRange, ReservedRegion } from './platform/firmware/firmware.ts';
export { findFirmware, loadDeviceTree, loadIort } from './platform/firmware/load.ts';
export { type Iomem, iomemOf, loadIomem, parseIomem } from './platform/iomem.ts';
export type { Platform } from './platform/platform.ts';
export type { Progress } from './progress.ts';
export type { QueueEntry, QueueGap } from './queues/queue.ts';
export { type QueueReport, type QueuesOptions, type QueuesReport, queues, type SmmuQueues } from './queues/queues.ts';
// How it is written down.
export type { TablesReport } from './report/json/parts/crashed-kernel.ts';
export { type Redactable, redacted } from './report/redact/redact.ts';
export {
  type Given,
  type HtmlOptions,
  type Pieces,
  type Report,
  renderCsv,
  renderGithub,
  renderHtml,
  renderJson,
  renderJunit,
  renderNdjson,
  renderSarif,
  renderText,
  type TextOptions,
} from './report/render.ts';
export type { Rows } from './rows.ts';
// Words as fields.
export {
  type DecodedWords,
  type DecodeProblem,
  decodeRecord,
  decodeRegister,
  type GivenWords,
  type RecordKind,
  recordFields,
} from './smmu/decode.ts';
export { type DecodeReport, decode } from './smmu/decode-words.ts';
export { type Register, registerNamed } from './smmu/registers/registers.ts';
export type { Assumption, Ground } from './snapshot/assumption.ts';
// Register snapshots.
export { captureScript } from './snapshot/capture-script.ts';
export type { FirmwareSource } from './snapshot/firmware-source.ts';
export { type Imported, type ImportInput, type ImportOptions, importRegisters } from './snapshot/import/import.ts';
export { loadSnapshot, parseSnapshot, type SnapshotOptions } from './snapshot/load.ts';
export type { CaptureMoment, Master, Provenance, SmmuSnapshot, Snapshot } from './snapshot/snapshot.ts';
export { snapshotJson } from './snapshot/write.ts';
export type { IovaRange, IovaSpaceReport } from './streams/iova-space.ts';
export { type ReachOptions, type TranslateOptions, translate } from './streams/translate.ts';
export type { TranslationReport, TranslationStep } from './streams/translation.ts';
export type { CdRow, CdTableReport } from './tables/cd-rows.ts';
export type { Census } from './tables/hardware-view.ts';
export type { L1Row, L1Status } from './tables/l1-rows.ts';
export type { SteRow } from './tables/ste-rows.ts';
