/** The kernel's log, predicted: texts as the driver prints them, without `arm-smmu-v3 <device>: ` in front. */

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
}

/** What the messages of the adoption begin with in all revisions as posted, and the one about the reset in every one. */
export const PREFIX = 'kdump: ';

export class KernelLog {
  readonly lines: StagedLogLine[] = [];

  /** A message that the driver has without the series, too. */
  print(stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text, ofSeries: false });
  }

  /** A message of the series. */
  kdump(stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text, ofSeries: true });
  }
}
