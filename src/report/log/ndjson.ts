/** `smmu-adopt log --format ndjson`: one record a line: the log, each SMMU without its lists, and each entry of them. */

import type { LogReport } from '../../inspect/log/log-report.ts';
import { escapeJson } from '../escape.ts';
import { LOG } from '../json/log.ts';

type Json = Readonly<Record<string, unknown>>;

interface LogJson extends Json {
  readonly log: Json;
  readonly smmus: readonly SmmuJson[];
  readonly deviceMessages: readonly Json[];
}

interface SmmuJson extends Json {
  readonly events: readonly Json[];
  readonly commandErrors: readonly Json[];
  readonly globalErrors: readonly Json[];
  readonly pageRequests: readonly Json[];
}

/** The records of the published JSON, each with what it is in `record`, and with its SMMU in `smmu`. */
export function* logNdjson(report: LogReport): Generator<string> {
  const { log, smmus, deviceMessages, ...preamble } = LOG.toJson(report) as LogJson;
  yield line('log', { ...preamble, ...log });
  for (const { events, commandErrors, globalErrors, pageRequests, ...smmu } of smmus) {
    yield line('smmu', smmu);
    const lists = { event: events, commandError: commandErrors, globalError: globalErrors, pageRequest: pageRequests };
    for (const [record, list] of Object.entries(lists)) {
      for (const one of list) yield line(record, { smmu: smmu['name'], ...one });
    }
  }
  for (const one of deviceMessages) yield line('deviceMessage', one);
}

function line(record: string, data: Json): string {
  return `${escapeJson(JSON.stringify({ record, ...data }))}\n`;
}
