/** What registers alone tell: errors, what switching off would do, how many StreamIDs the table has, what adopting costs. */

import { queueDemand } from '../../adopt/queue-memory.ts';
import { fieldsThatDiffer } from '../../snapshot/validate/facts.ts';
import type { RiskContext } from './context.ts';

/** What an active error says about the crashed kernel's last moments. SFM_ERR decides the gate, CMDQ_ERR has its own rule. */
const ERRORS: Readonly<Record<string, string>> = {
  EVENTQ_ABT_ERR: 'the event queue could not be written, so faults since then are not recorded',
  PRIQ_ABT_ERR: 'the PRI queue could not be written, so page requests were lost',
  MSI_CMDQ_ABT_ERR: 'the interrupt of a CMD_SYNC could not be written, so who waited for it never heard of its end',
  MSI_EVENTQ_ABT_ERR: 'the interrupt of the event queue could not be written',
  MSI_PRIQ_ABT_ERR: 'the interrupt of the PRI queue could not be written',
  MSI_GERROR_ABT_ERR: 'the interrupt of a global error could not be written, so the crashed kernel may not know of any',
  CMDQP_ERR: 'an enhanced command queue had stopped',
  DPT_ERR: 'a lookup in the device permission table failed',
};

/** Less is nothing to a kernel that has a crashkernel reservation of megabytes. */
const NOTABLE_DEMAND_BYTES = 1 << 20;
/** Every SMMU has queues; with pages of 4 KiB they take no more than 12 MiB. */
const NOTABLE_QUEUE_BYTES = 1 << 24;

/** Adds to the findings what single registers say: active errors, and what a reset lets pass. */
export function registerRisks({ smmu, registers, emulation, pageSize, findings }: RiskContext): void {
  for (const { name } of fieldsThatDiffer(smmu.registers, 'GERROR', 'GERRORN')) {
    const means = ERRORS[name];
    if (means !== undefined) findings.add('gerror-active', { error: name, means });
  }
  // Every other reset sets ABORT, and comes with a table of its own.
  if (emulation.verdict !== 'adopted') return;
  const [log2Size, sidBits] = [registers.field('STRTAB_BASE_CFG', 'LOG2SIZE'), registers.known('IDR1', 'SIDSIZE')];
  if (sidBits !== null && log2Size < sidBits) findings.add('sids-beyond-table', { log2Size, sidBits });
  if (registers.known('GBPA', 'ABORT') === 0) findings.add('gbpa-bypass', {});
  const total = (list: readonly { readonly byteLength: number; readonly ok: boolean }[]) =>
    list.reduce((sum, { byteLength, ok }) => (ok ? sum + byteLength : sum), 0);
  const allocated = total(emulation.allocations);
  const mapped = total(emulation.mappings.filter(({ transient }) => !transient));
  const queues = queueDemand(registers, emulation.revision.name, pageSize);
  const notable = allocated + mapped >= NOTABLE_DEMAND_BYTES || (queues?.most ?? 0) >= NOTABLE_QUEUE_BYTES;
  if (!notable) return;
  findings.add('memory-demand', {
    allocated,
    mapped,
    queuesAtLeast: queues?.least ?? null,
    queuesAtMost: queues?.most ?? null,
  });
}
