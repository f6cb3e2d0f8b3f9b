/**
 * What is striking about a set of registers, as far as it is certain from the registers alone. `unusable` means that
 * they cannot be the values of a working SMMU; `warning` that something was wrong or about to change.
 */

import { registerNamed } from '../../smmu/registers/registers.ts';
import { type Check, fieldsThatDiffer, fieldValue, type Registers } from './facts.ts';
import { QUEUE_CHECKS } from './queues.ts';
import type { Remark, Striking, Unreadable } from './remark.ts';

/** What is striking about the registers of one SMMU, by every check there is. */
export function plausibility(registers: Registers): Remark[] {
  const what = unreadable(registers);
  const remarks = CHECKS.flatMap((check) => check(registers));
  return what === null ? remarks : [{ severity: 'unusable', what }, ...remarks];
}

const CHECKS: readonly Check[] = [
  acknowledged('CR0', 'CR0ACK'),
  acknowledged('IRQ_CTRL', 'IRQ_CTRLACK'),
  activeErrors,
  smmuOff,
  pendingUpdate('GBPA'),
  tableFormat,
  ...QUEUE_CHECKS,
];

const warning = (what: Striking): Remark => ({ severity: 'warning', what });

/** What nobody answered, and what QEMU answers to a read of several registers at once. */
export function unreadable(registers: Registers): Unreadable | null {
  const zero = (...names: string[]) => names.every((name) => registers.get(name) === 0n);
  const inBlocks = zero('IDR0', 'IDR1', 'CR0') && (registers.get('STRTAB_BASE') ?? 0n) !== 0n;
  const as = unansweredAs(registers) ?? (inBlocks ? 'blocks' : null);
  return as === null ? null : { kind: 'unreadable', as };
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
    const fields = fieldsThatDiffer(registers, name, acknowledge).map((field) => field.name);
    return fields.length === 0 ? [] : [warning({ kind: 'change-in-progress', register: name, acknowledge, fields })];
  };
}

function activeErrors(registers: Registers): Remark[] {
  return fieldsThatDiffer(registers, 'GERROR', 'GERRORN').map(({ name: bit }) => {
    const commandError = bit === 'CMDQ_ERR' ? (fieldValue(registers, 'CMDQ_CONS', 'ERR') ?? null) : null;
    return warning({ kind: 'global-error', bit, commandError });
  });
}

function smmuOff(registers: Registers): Remark[] {
  if (fieldValue(registers, 'CR0', 'SMMUEN') !== 0) return [];
  return [warning({ kind: 'smmu-off' })];
}

function pendingUpdate(name: string): Check {
  return (registers) =>
    fieldValue(registers, name, 'Update') === 1 ? [warning({ kind: 'update-pending', register: name })] : [];
}

function tableFormat(registers: Registers): Remark[] {
  const cfg = (field: string) => fieldValue(registers, 'STRTAB_BASE_CFG', field);
  const [fmt, log2Size, split] = [cfg('FMT'), cfg('LOG2SIZE'), cfg('SPLIT')];
  const sidSize = fieldValue(registers, 'IDR1', 'SIDSIZE');
  const remarks: Remark[] = [];
  if (registers.get('STRTAB_BASE_CFG') === 0n && (registers.get('STRTAB_BASE') ?? 0n) !== 0n) {
    remarks.push(warning({ kind: 'table-cfg-zero' }));
  }
  if (fmt !== undefined && fmt > 1) remarks.push(warning({ kind: 'fmt-reserved', fmt }));
  if (fmt === 1 && split !== undefined && ![6, 8, 10].includes(split)) {
    remarks.push(warning({ kind: 'split-reserved', split }));
  }
  if (fmt === 1 && fieldValue(registers, 'IDR0', 'ST_LEVEL') === 0) {
    remarks.push(warning({ kind: 'two-level-unsupported' }));
  }
  if (log2Size !== undefined && sidSize !== undefined && log2Size > sidSize) {
    remarks.push(warning({ kind: 'log2size-above-sidsize', log2Size, sidSize }));
  }
  return remarks;
}
