/** Findings about firmware's tables, where they and the dump part, and what they add to it. */

import { firmwareProblemInWords } from '../../platform/firmware/problem-words.ts';
import * as json from '../../shape.ts';
import { firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import { ARM, linux } from '../explanations/references.ts';
import {
  coherencyInWords,
  idsInWords,
  keptMemoryInWords,
  sidRunsInWords,
  unknownSmmuInWords,
} from '../prose/firmware.ts';
import { rule } from './rule.ts';

const IORT = 'Arm DEN0049, "IO Remapping Table"';
const TREE = 'Devicetree bindings: iommu/arm,smmu-v3.yaml, pci/pci-iommu.txt';
const NO_EFFECT = 'Not concerned: names are for people.';

export const PLATFORM = {
  'platform-smmu-unknown': rule({
    severity: 'note',
    reach: null,
    args: {
      why: ['Why no table applies', json.said(unknownSmmuInWords)],
    },
    sentence: ({ why }) =>
      `firmware's tables say nothing of this SMMU: ${unknownSmmuInWords(why)}; StreamIDs stay without names`,
    explain: () => ({
      title: "Firmware's tables have no SMMU at this base",
      meaning:
        'A device tree or an IORT was given, but none of its SMMUv3 instances has the base address that the snapshot ' +
        'gives this SMMU. Nothing is taken from the table for it: no names, no coherency, no reserved memory.',
      hardware: NO_EFFECT,
      kernel: 'Not concerned; the driver probes what its own table lists, at the addresses that are there.',
      causes: [
        'a snapshot without a base, or with that of another page of the SMMU',
        'a table of another machine, or of another firmware',
        'an SMMU whose node is disabled',
      ],
      next: ['smmus[].base in the snapshot', '/proc/iomem of the crashed kernel: arm-smmu-v3 or its address'],
      references: [IORT, TREE],
    }),
  }),
  'platform-coherency': rule({
    severity: 'warning',
    reach: null,
    args: {
      source: ['The table', json.said(firmwareSourceInWords)],
      table: ['What the table says: coherent, or not coherent', json.said(coherencyInWords)],
      snapshot: ['What the snapshot says', json.said(coherencyInWords)],
    },
    sentence: ({ source, table, snapshot }) =>
      `${firmwareSourceInWords(source)} has the SMMU as ${coherencyInWords(table)}, the snapshot as ${coherencyInWords(snapshot)}; the snapshot is used`,
    explain: () => ({
      title: "Firmware's table and the snapshot disagree on coherency",
      meaning:
        'The snapshot says one thing under firmware.coherent, the table that was given says another. What the snapshot ' +
        'says is used, because it was written down for this very crash.',
      hardware: 'Nothing by itself: coherency is a property of the interconnect.',
      kernel:
        'It goes by its own table alone, and adopts only where that says coherent: the COHACC override flag of the ' +
        'SMMUv3 node in the IORT, or dma-coherent on the node or a bus above it in the device tree.',
      causes: ['firmware.coherent was set from a guess or from IDR0.COHACC', 'a table of another firmware version'],
      next: [
        'the snapshot without firmware.coherent: the table is then used',
        '"IDR0.COHACC overridden by FW configuration" in the log of either kernel',
      ],
      references: [IORT, TREE, linux('arm_smmu_device_acpi_probe'), linux('of_dma_is_coherent')],
    }),
  }),
  'platform-device-differs': rule({
    severity: 'warning',
    reach: null,
    args: {
      source: ['The table', json.said(firmwareSourceInWords)],
      firmware: ['The device by the table', json.text],
      device: ['The device that the crashed kernel had', json.text],
    },
    sentence: ({ source, firmware, device }) =>
      `this StreamID is ${firmware} by ${firmwareSourceInWords(source)}, but the crashed kernel had ${device} behind it; the kernel's word is taken`,
    explain: () => ({
      title: 'Firmware and the crashed kernel name different devices',
      meaning:
        'The dump tells which device the crashed kernel had tied to the StreamID, and the table that was given maps it to ' +
        'another one. Names are those of the crashed kernel.',
      hardware: NO_EFFECT,
      kernel: 'Not concerned: it goes by its own table.',
      causes: [
        'a table of another machine, or of another firmware version',
        'a device that uses the requester ID of another one: a quirk, or a bridge that takes ownership',
      ],
      next: ['`smmu-adopt regs extract DUMP`: masters', 'the table of the machine itself, from its own /sys/firmware'],
      references: [IORT, TREE, linux('arm_smmu_insert_master')],
    }),
  }),
  'platform-sids-beyond': rule({
    severity: 'warning',
    reach: null,
    args: {
      name: ['The host bridge or device of the mapping', json.text],
      ids: ['The IDs whose StreamIDs lie beyond the table', json.said(idsInWords)],
      entries: ['StreamIDs that the table covers', json.count],
    },
    sentence: ({ name, ids, entries }) =>
      `${idsInWords(ids)} of ${name} have StreamIDs beyond the table, which covers ${entries}: devices there get -ERANGE from the ` +
      'kernel and C_BAD_STREAMID from the hardware',
    explain: () => ({
      title: 'Firmware maps requester IDs to StreamIDs beyond the table',
      meaning:
        'Part of a mapping leads to StreamIDs that the stream table has no entries for. Whether there is a device in this ' +
        'part the table of firmware does not say; if there is one, it cannot work with this stream table.',
      hardware: 'C_BAD_STREAMID for such a stream: its transactions are terminated.',
      kernel:
        '-ERANGE and no message for a device that is inserted there. On kernels from about 6.15 on, one that is there ' +
        'when the SMMU registers takes the whole SMMU with it (`smmu-adopt explain smmu-lost`).',
      causes: [
        'a mapping written for all 65536 requester IDs, of which few are in use',
        'a crashed kernel, or firmware, that built a small table',
        'LOG2SIZE of another moment in the snapshot',
      ],
      next: [
        'lspci or /proc/iomem of the crashed kernel: whether any device has one of these addresses',
        'STRTAB_BASE_CFG.LOG2SIZE against IDR1.SIDSIZE among the registers',
        '`smmu-adopt inspect DUMP --regs REGS --insert SID`: what becomes of one of them',
      ],
      references: [ARM.lookup, IORT, TREE, linux('arm_smmu_sid_in_range')],
    }),
  }),
  'platform-sid-unclaimed': rule({
    severity: 'note',
    reach: null,
    args: {
      sids: ['The StreamIDs in words', json.said(sidRunsInWords)],
      source: ['The table', json.said(firmwareSourceInWords)],
    },
    sentence: ({ sids, source }) =>
      `${sidRunsInWords(sids)}: active, but ${firmwareSourceInWords(source)} has no device there`,
    explain: () => ({
      title: 'An active StreamID belongs to no device of firmware',
      meaning:
        'The entry of the stream is valid and does not abort, but no ID mapping and no device of the table leads to the ' +
        'StreamID. Somebody set the entry up all the same.',
      hardware: 'It uses the entry, if a transaction with this StreamID comes.',
      kernel: 'It knows no device for the stream, so that nobody takes it over: the entry of the crashed kernel stays.',
      causes: [
        'an overwritten entry, or a whole overwritten table',
        'an L1 descriptor that points to the L2 table of another bus',
        'a table of another machine, or an incomplete one',
        'a hypervisor or firmware that fills entries of its own, with bypass for one',
      ],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: what the entry holds',
        'entries beside it: whether they make one stretch of memory',
      ],
      references: [ARM.numbering, IORT, TREE],
    }),
  }),
  'platform-rmr': rule({
    severity: 'note',
    reach: null,
    args: {
      source: ['The table', json.said(firmwareSourceInWords)],
      name: ['The device; empty where it is not known', json.text],
      sids: ['The StreamIDs in words', json.said(sidRunsInWords)],
      memory: ['The memory in words', json.said(keptMemoryInWords)],
      bypassed: ['The driver makes bypass STEs for it in a new stream table', json.flag],
    },
    sentence: ({ source, name, sids, memory, bypassed }) =>
      `${firmwareSourceInWords(source)} keeps ${keptMemoryInWords(memory)} for ${name === '' ? sidRunsInWords(sids) : `${name} (${sidRunsInWords(sids)})`}: ${
        bypassed ? 'an RMR, whose STEs an adoption leaves as they are' : 'the kernel makes no bypass STE for it'
      }`,
    explain: () => ({
      title: 'Firmware keeps memory for a device that goes on using it',
      meaning:
        'A reserved memory range node (RMR) of the IORT, or reserved-memory with iommu-addresses in the device tree: the ' +
        'device accesses this memory before and while no driver has it, as a display or a management controller does.',
      hardware: 'Accesses of the device are translated like all others, by the entry of its StreamID.',
      kernel: {
        'v1 to v5': 'Bypass STEs for the StreamIDs of RMR nodes are written into the adopted table too, live as it is.',
        'v6 on':
          'An adopted table is left as it is; only a new table gets bypass STEs. Those for a device tree are never made: ' +
          'the region is mapped in the default domain of the device instead.',
      },
      causes: ['firmware that describes its machine as it should'],
      next: [
        'the section about reserved memory regions in the report: what becomes of each entry',
        '--rmr with other StreamIDs, in place of those of the table',
      ],
      references: [
        'Arm DEN0049, "Reserved Memory Range node"',
        linux('arm_smmu_rmr_install_bypass_ste'),
        linux('iort_get_rmr_sids'),
      ],
    }),
  }),
  'platform-table-damaged': rule({
    severity: 'warning',
    reach: null,
    args: {
      source: ['The table', json.said(firmwareSourceInWords)],
      what: ['What is wrong', json.said(firmwareProblemInWords)],
    },
    sentence: ({ source, what }) => `${firmwareSourceInWords(source)}: ${firmwareProblemInWords(what)}`,
    explain: () => ({
      title: "Something in a table of firmware's is wrong",
      meaning:
        'A checksum that does not hold, a node that does not fit, a reference to nothing, or a binding that is not known. ' +
        'This part is passed over, the rest is used.',
      hardware: NO_EFFECT,
      kernel: 'It may refuse the whole table, or the device in question, with a message of its own early in its log.',
      causes: ['a copy that was cut short', 'a table that was patched by hand', 'a mistake of firmware'],
      next: ['"ACPI", "IORT" or "OF:" in the log of the crashed kernel', 'a fresh copy from /sys/firmware'],
      references: [IORT, 'Devicetree Specification 0.4, chapter 5'],
    }),
  }),
  'platform-not-in-dump': rule({
    severity: 'note',
    reach: null,
    args: {
      searched: ['Bytes that were looked through', json.count],
      complete: ['False when the search ended before all memory of the dump was looked through', json.flag],
    },
    sentence: ({ searched, complete }) =>
      `no device tree or IORT with an SMMUv3 was found in ${complete ? 'the memory of the dump' : 'the first places'}: ` +
      `${Math.ceil(searched / 2 ** 20)} MiB were looked through`,
    explain: () => ({
      title: 'No table of firmware was found in the dump',
      meaning:
        'Both ends of every RAM range were looked through, then multiples of 2 MiB, then everything between, up to 1 GiB. ' +
        'Nothing there was a whole device tree with an SMMUv3, or an RSDP that leads to an IORT with one.',
      hardware: NO_EFFECT,
      kernel: 'Not concerned: it gets its tables from the boot loader.',
      causes: [
        'a capture tool that left these pages out',
        'tables in memory that is no RAM to the kernel, and so not in a vmcore',
        'a dump that is larger than what is looked through',
      ],
      next: [
        '--dtb with a copy of /sys/firmware/fdt, or --iort with one of /sys/firmware/acpi/tables/IORT',
        'the same files from the machine after it has booted again: they rarely change',
      ],
      references: ['Linux, Documentation/arch/arm64/booting.rst', 'ACPI 6.5, 5.2.5 "Root System Description Pointer"'],
    }),
  }),
};
