/**
 * What is striking about a set of registers, as far as it is certain from the registers alone. `unusable` means that
 * they cannot be the values of a working SMMU; `warning` that something was wrong or about to change.
 */

import { registerNamed } from '../../smmu/registers/registers.ts';
import { type Check, fieldsThatDiffer, fieldValue, type Registers, type Remark, valueInWords } from './facts.ts';
import { QUEUE_CHECKS } from './queues.ts';

/** What is striking about the registers of one SMMU, by every check there is. */
export function plausibility(registers: Registers): Remark[] {
  return CHECKS.flatMap((check) => check(registers));
}

const CHECKS: readonly Check[] = [
  unreadable,
  acknowledged('CR0', 'CR0ACK'),
  acknowledged('IRQ_CTRL', 'IRQ_CTRLACK'),
  activeErrors,
  smmuOff,
  pendingUpdate('GBPA'),
  tableFormat,
  ...QUEUE_CHECKS,
];

const remark = (severity: Remark['severity'], what: string): Remark => ({ severity, what });

/** What nobody answered, and what QEMU answers to a read of several registers at once. */
function unreadable(registers: Registers): Remark[] {
  const zero = (...names: string[]) => names.every((name) => registers.get(name) === 0n);
  switch (unansweredAs(registers)) {
    case 'all-zero':
      return [
        remark('unusable', 'every register is zero: no SMMU at this address, one without power, or a block read'),
      ];
    case 'all-ones':
      return [remark('unusable', 'every register is all ones: no SMMU at this address, or one without power')];
    default:
  }
  if (zero('IDR0', 'IDR1', 'CR0') && (registers.get('STRTAB_BASE') ?? 0n) !== 0n) {
    const why = 'the 32-bit registers were read in blocks, which QEMU answers with zero';
    return [remark('unusable', `IDR0, IDR1 and CR0 are zero, but STRTAB_BASE is not: ${why}`)];
  }
  return [];
}

/**
 * What the registers read as where nobody answers; null where somebody does. Of those of 64 bits a capture may have only
 * half, so the others decide.
 */
export function unansweredAs(registers: Registers): 'all-zero' | 'all-ones' | null {
  const values = [...registers];
  if (values.length === 0) return null;
  if (values.every(([, value]) => value === 0n)) return 'all-zero';
  const narrow = values.filter(([name]) => registerNamed(name)?.byteLength === 4);
  const isDead = narrow.length > 0 && narrow.every(([name, value]) => value === allOnes(name));
  return isDead ? 'all-ones' : null;
}

function allOnes(name: string): bigint {
  return (1n << BigInt(8 * (registerNamed(name)?.byteLength ?? 8))) - 1n;
}

/** A register whose value is in force once another one shows it. */
function acknowledged(name: string, acknowledge: string): Check {
  return (registers) => {
    const names = fieldsThatDiffer(registers, name, acknowledge).map((field) => field.name);
    if (names.length === 0) return [];
    return [remark('warning', `${name} and ${acknowledge} differ in ${names.join(', ')}: a change was in progress`)];
  };
}

function activeErrors(registers: Registers): Remark[] {
  return fieldsThatDiffer(registers, 'GERROR', 'GERRORN').map(({ name, meaning }) => {
    const reason = name === 'CMDQ_ERR' ? valueInWords(registers, 'CMDQ_CONS', 'ERR') : undefined;
    return remark('warning', `GERROR.${name} is active: ${meaning}${reason === undefined ? '' : `: ${reason}`}`);
  });
}

function smmuOff(registers: Registers): Remark[] {
  if (fieldValue(registers, 'CR0', 'SMMUEN') !== 0) return [];
  return [remark('warning', 'CR0.SMMUEN is 0: the SMMU was off, and there is nothing to adopt')];
}

function pendingUpdate(name: string): Check {
  return (registers) =>
    fieldValue(registers, name, 'Update') === 1
      ? [remark('warning', `${name}.Update is 1: new values were written and not in force yet`)]
      : [];
}

function tableFormat(registers: Registers): Remark[] {
  const cfg = (field: string) => fieldValue(registers, 'STRTAB_BASE_CFG', field);
  const [format, log2size, split] = [cfg('FMT'), cfg('LOG2SIZE'), cfg('SPLIT')];
  const sidSize = fieldValue(registers, 'IDR1', 'SIDSIZE');
  const remarks: Remark[] = [];
  if (registers.get('STRTAB_BASE_CFG') === 0n && (registers.get('STRTAB_BASE') ?? 0n) !== 0n) {
    const why = 'a linear table of one STE, or what QEMU answers to a block read';
    remarks.push(remark('warning', `STRTAB_BASE_CFG is zero, but STRTAB_BASE is not: ${why}`));
  }
  if (format !== undefined && format > 1)
    remarks.push(remark('warning', `STRTAB_BASE_CFG.FMT ${format} is reserved; hardware takes it as 0, linear`));
  if (format === 1 && split !== undefined && ![6, 8, 10].includes(split)) {
    remarks.push(remark('warning', `STRTAB_BASE_CFG.SPLIT ${split} is reserved; hardware takes it as 6`));
  }
  if (format === 1 && fieldValue(registers, 'IDR0', 'ST_LEVEL') === 0) {
    remarks.push(
      remark('warning', 'STRTAB_BASE_CFG.FMT says two-level, but IDR0.ST_LEVEL that only linear is supported'),
    );
  }
  if (log2size !== undefined && sidSize !== undefined && log2size > sidSize) {
    const what = `STRTAB_BASE_CFG.LOG2SIZE ${log2size} is above IDR1.SIDSIZE ${sidSize}, which limits it`;
    remarks.push(remark('warning', what));
  }
  return remarks;
}
