/** What is striking about a register snapshot, in words. */

import { hex } from '../../hex.ts';
import { meaningOf } from '../../smmu/fields.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import { type QueueRegisters, type Striking, unreadableInWords } from '../../snapshot/validate/remark.ts';

const MOMENTS: Readonly<Record<Extract<Striking, { readonly kind: 'captured' }>['moment'], string>> = {
  running: 'read before the crash: indices and errors may have changed since',
  'after-kdump-probe':
    "read after the kdump kernel's probe: the registers may describe its own table, not the crashed kernel's",
  unknown: 'it does not say when the registers were read; after the kdump probe they may describe another table',
};

const WAITING: Readonly<Record<QueueRegisters, string>> = {
  CMDQ: 'commands were not consumed yet',
  EVENTQ: 'events were not read yet',
  PRIQ: 'page requests were not read yet',
};

/** `CR0.SMMUEN is 0: the SMMU was off, and there is nothing to adopt`. */
export function strikingInWords(what: Striking): string {
  switch (what.kind) {
    case 'captured':
      return MOMENTS[what.moment];
    case 'unreadable':
      return unreadableInWords(what);
    case 'change-in-progress': {
      const { register, acknowledge, fields } = what;
      return `${register} and ${acknowledge} differ in ${fields.join(', ')}: a change was in progress`;
    }
    case 'global-error': {
      const error = what.commandError === null ? undefined : commandErrorInWords(what.commandError);
      const meaning = fieldNamed('GERROR', what.bit)?.meaning ?? '';
      return `GERROR.${what.bit} is active: ${meaning}${error === undefined ? '' : `: ${error}`}`;
    }
    case 'smmu-off':
      return 'CR0.SMMUEN is 0: the SMMU was off, and there is nothing to adopt';
    case 'update-pending':
      return `${what.register}.Update is 1: new values were written and not in force yet`;
    case 'table-cfg-zero':
      return 'STRTAB_BASE_CFG is zero, but STRTAB_BASE is not: a linear table of one STE, or what QEMU answers to a block read';
    case 'fmt-reserved':
      return `STRTAB_BASE_CFG.FMT ${what.fmt} is reserved; hardware takes it as 0, linear`;
    case 'split-reserved':
      return `STRTAB_BASE_CFG.SPLIT ${what.split} is reserved; hardware takes it as 6`;
    case 'two-level-unsupported':
      return 'STRTAB_BASE_CFG.FMT says two-level, but IDR0.ST_LEVEL that only linear is supported';
    case 'log2size-above-sidsize':
      return `STRTAB_BASE_CFG.LOG2SIZE ${what.log2Size} is above IDR1.SIDSIZE ${what.sidSize}, which limits it`;
    case 'queue-too-large': {
      const { queue, log2Size, most } = what;
      return `${queue}_BASE.LOG2SIZE ${log2Size} is above the ${most} that IDR1.${queue}S permits`;
    }
    case 'queue-indices-apart': {
      const { queue, prod, cons, entries } = what;
      const indices = `${queue}_PROD ${hex(prod)} and ${queue}_CONS ${hex(cons)}`;
      return `${indices} cannot belong to one moment of a queue of ${entries} entries`;
    }
    case 'queue-in-use':
      return `${what.queue}: ${what.count} of ${what.entries} entries in use: ${WAITING[what.queue]}`;
    case 'queue-overflowed':
      return `${what.queue} has overflowed: ${what.queue === 'EVENTQ' ? 'events' : 'page requests'} were lost`;
  }
}

function commandErrorInWords(error: number): string | undefined {
  const field = fieldNamed('CMDQ_CONS', 'ERR');
  return field === undefined ? undefined : meaningOf(field, error);
}

function fieldNamed(register: string, name: string) {
  return registerNamed(register)?.fields.find((field) => field.name === name);
}
