/** The kernel's log, predicted: texts as the driver prints them, without `arm-smmu-v3 <device>: ` in front. */

export type LogLevel = 'err' | 'warn' | 'info' | 'debug';
export type LogStage = 'gate' | 'adopt' | 'reset' | 'insert' | 'register';

export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
}

export interface StagedLogLine extends LogLine {
  readonly stage: LogStage;
}

export class KernelLog {
  readonly lines: StagedLogLine[] = [];

  print(stage: LogStage, level: LogLevel, text: string): void {
    this.lines.push({ stage, level, text });
  }
}
