/** The kernel's log, predicted: texts as the driver prints them, without `<driver> <device>: ` in front. */

export type LogLevel = 'err' | 'warn' | 'info' | 'debug';
export type LogStage = 'gate' | 'adopt' | 'reset' | 'insert' | 'register';

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

export interface StagedLogLine extends LogLine {
  readonly stage: LogStage;
  /** Printed by the patch series: a kernel without it says nothing of the kind. */
  readonly ofSeries: boolean;
  /** The device that it is printed of, where that is not the SMMU. */
  readonly device?: string;
}

/** What the messages of the adoption begin with in all revisions as posted, and the one about the reset in every one. */
export const PREFIX = 'kdump: ';

export class KernelLog {
  readonly lines: StagedLogLine[] = [];

  /** A message that the driver has without the series, too. */
  print(stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text, ofSeries: false });
  }

  /** The same of a device behind the SMMU, whose name stands in front. */
  printOf(device: string, stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text, ofSeries: false, device });
  }

  /** A message of the series. */
  kdump(stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text, ofSeries: true });
  }
}
