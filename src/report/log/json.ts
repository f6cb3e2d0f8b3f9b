/** `smmu-adopt log --format json` and `ndjson`: the published keys, made of the facts. */

import { hex, word } from '../../hex.ts';
import type { EventInDump, LogReport, ReportedEvent, SmmuLogReport } from '../../inspect/log-report.ts';
import { driverFeatures } from '../../log/driver-features.ts';
import type { CommandErrorFacts, GlobalErrorFacts, Occurrence } from '../../log/facts.ts';
import { TOOL } from '../../version.ts';
import { jsonFields } from '../decode.ts';
import { escapeJson } from '../escape.ts';
import { meaningOfType } from '../prose/queue-entries.ts';
import { endingInWords } from '../prose/translation.ts';
import { commandFacts, consInWords, globalErrorFlags, hex32, inDumpInWords, problemInWords } from './words.ts';

const SCHEMA_VERSION = 1;
const maybeHex = (value: number | bigint | null) => (value === null ? null : hex(value));

/** The whole, as one object. `verbose`: with the lines that could not be used. */
export function logJson(report: LogReport, verbose: boolean): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: TOOL,
    log: logKeys(report, verbose),
    smmus: report.smmus.map(smmuJson),
  };
}

function logKeys(report: LogReport, verbose: boolean): object {
  const { files, lines, smmuLines, passedOver, passedOverLines, smmuV2Lines, suppressed, boots } = report;
  return {
    files,
    lines,
    smmuLines,
    passedOver,
    passedOverLines: verbose ? passedOverLines : [],
    smmuV2Lines,
    suppressed,
    boots,
  };
}

function smmuJson(smmu: SmmuLogReport): object {
  const { name, host, system, base, events, notGrouped, lost, commandErrors, globalErrors, pageRequests, boot } = smmu;
  return {
    name,
    host,
    system,
    base: maybeHex(base),
    events: events.map(eventJson),
    notGrouped,
    lost,
    commandErrors: commandErrors.map((error) => commandErrorJson(error, boot?.queueEntries['cmdq'])),
    globalErrors: globalErrors.map(globalErrorJson),
    pageRequests: pageRequests.map(({ address, ...request }) => ({ ...request, address: hex(address) })),
    notListed: smmu.notListed,
    boot: boot === null ? null : bootJson(boot),
    adoption: smmu.adoption,
  };
}

function eventJson(event: ReportedEvent): object {
  const { name, code, sid, ssid, address, fetchAddress, ipa, words, problems, client, inDump, ...rest } = event;
  return {
    type: name,
    code,
    sid,
    ssid,
    address: maybeHex(address),
    fetchAddress: maybeHex(fetchAddress),
    ipa: maybeHex(ipa),
    ...rest,
    inDump: inDump === null ? null : inDumpJson(inDump),
    words: words.map(word),
    client,
    meaning: code === null ? null : meaningOfType({ code }),
    problems: problems.map(problemInWords),
  };
}

function inDumpJson(inDump: EventInDump) {
  const { why, pa } = inDump;
  return { ...inDump, why: why && endingInWords(why), pa: maybeHex(pa), says: inDumpInWords(inDump) };
}

/** These stand in one line each, most of the time once. */
function occurrence({ firstLine, lastLine, count, firstTime, lastTime, firstStamp, lastStamp, boot }: Occurrence) {
  return { line: firstLine, lastLine, count, firstTime, lastTime, firstStamp, lastStamp, boot };
}

function commandErrorJson(error: CommandErrorFacts, entries: number | undefined): object {
  const { what, cons, prod, driverProd, command, problems } = error;
  const { reason, meaning, index, wrap } = consInWords(error, entries);
  const stoppedAt = commandFacts(command);
  return {
    ...occurrence(error),
    what,
    cons: cons === null ? null : hex32(cons),
    prod: prod === null ? null : hex32(prod),
    driverProd: driverProd === null ? null : hex32(driverProd),
    reason,
    meaning,
    index,
    wrap,
    command:
      stoppedAt === null ? null : { ...stoppedAt, words: command.map(word), fields: jsonFields(stoppedAt.fields) },
    problems: problems.map(problemInWords),
  };
}

function globalErrorJson(error: GlobalErrorFacts): object {
  const { active, named } = error;
  return { ...occurrence(error), active: maybeHex(active), bits: globalErrorFlags(active, named) };
}

function bootJson({ features, ...boot }: NonNullable<SmmuLogReport['boot']>): object {
  return {
    features: features === null ? null : hex32(features),
    featureNames: features === null ? [] : driverFeatures(features),
    ...boot,
  };
}

/** One record a line: the log, each SMMU without its lists, and each entry of them. */
export function* logNdjson(report: LogReport, verbose: boolean): Generator<string> {
  yield line('log', { schemaVersion: SCHEMA_VERSION, tool: TOOL, ...logKeys(report, verbose) });
  for (const smmu of report.smmus) {
    const { events, commandErrors, globalErrors, pageRequests, ...rest } = smmuJson(smmu) as Record<string, object[]>;
    yield line('smmu', rest);
    for (const [record, list] of Object.entries({
      event: events,
      commandError: commandErrors,
      globalError: globalErrors,
    })) {
      for (const one of list ?? []) yield line(record, { smmu: smmu.name, ...one });
    }
    for (const one of pageRequests ?? []) yield line('pageRequest', { smmu: smmu.name, ...one });
  }
}

function line(record: string, data: object): string {
  return `${escapeJson(JSON.stringify({ record, ...data }))}\n`;
}
