/**
 * A triage that can be passed on. What `inspect` says of a crash has been redacted by whoever analysed it, so that its row
 * and its own report have the same stand-ins; here are the names of folders, files and hosts, which hold for the whole run,
 * and what was written without stand-ins.
 */

import { basename } from 'node:path';
import { Rows } from '../../rows.ts';
import {
  COMPANIONS,
  type Companion,
  type CrashGroup,
  type CrashRow,
  type CrashSmmu,
  type TriageReport,
} from '../../triage/crash.ts';
import { Redactor } from '../redact/redact.ts';

type Name = string | null;

export class TriageRedactor {
  readonly #names = new Redactor();
  /** Of text from an analysis. */
  readonly #said: (text: string) => string;
  readonly #wasRedacted: boolean;

  /** `wasRedacted`: whether what is said of the SMMUs has stand-ins already. */
  constructor(wasRedacted: boolean) {
    this.#wasRedacted = wasRedacted;
    this.#said = wasRedacted ? (text) => text : (text) => this.#names.text(text);
  }

  /** The name of a crash, by its path: `crash-1` is the first that is asked for. */
  crash(path: string): string {
    return this.#names.name('crash', path);
  }

  row(row: CrashRow): CrashRow {
    const { path, host, dump, report } = row;
    const crash = this.crash(path);
    const files = dump.map((name) => this.#file(name) ?? '');
    const companions = Object.fromEntries(COMPANIONS.map((one) => [one, this.#file(row[one])]));
    return {
      ...row,
      ...(companions as Record<Companion, Name>),
      crash,
      path: crash,
      host: host === null ? null : this.#names.name('host', host),
      dump: files,
      why: this.#why(row.why),
      smmus: row.smmus.map((one) => this.#smmu(one)),
      // Of an analysis that was not redacted the report is not either, and its name tells that of the folder.
      report: report !== null && basename(report) === `${crash}.html` ? basename(report) : null,
      identity: 'redacted',
      redacted: true,
    };
  }

  report({ crashes, groups, notSearched, ...rest }: TriageReport): TriageReport {
    const row = (one: CrashRow) => this.row(one);
    // In the order of the rows, and before any sentence is looked through for names.
    for (const one of crashes) row(one);
    return {
      ...rest,
      crashes: new Rows(function* () {
        for (const one of crashes) yield row(one);
      }),
      groups: groups.map((group) => this.#group(group)),
      notSearched: notSearched.map((place) => ({ ...place, path: this.#names.name('file', place.path) })),
      redacted: true,
    };
  }

  #group({ devices, example, ...group }: CrashGroup): CrashGroup {
    const { path, why, smmu } = example;
    return {
      ...group,
      devices: devices.map(this.#said),
      example: { ...example, path: this.crash(path), why: this.#why(why), smmu: smmu && this.#smmu(smmu) },
    };
  }

  #smmu(smmu: CrashSmmu): CrashSmmu {
    const { name, outcome, worst, device } = smmu;
    return {
      ...smmu,
      name: this.#said(name),
      outcome: this.#said(outcome),
      worst: worst && { ...worst, message: this.#said(worst.message) },
      device: device === null ? null : this.#said(device),
    };
  }

  #file(name: Name): Name {
    return name === null ? null : this.#names.name('file', name);
  }

  /** What was written with the names of files may name any. */
  #why(why: string | null): string | null {
    return why === null || !this.#wasRedacted ? null : this.#names.text(why);
  }
}
