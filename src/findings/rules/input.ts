/** Findings about the dump and the snapshot themselves, and about the list of findings. */

import { hex } from '../../hex.ts';
import * as json from '../../shape.ts';
import { ARM, linux } from '../explanations/references.ts';
import { dumpFlawInWords } from '../prose/dump-problems.ts';
import { NO_ARGS, rule } from './rule.ts';
import { ruleName } from './vocabulary.ts';
import { namesInWords } from './words.ts';

const NOT_CONCERNED = 'Not concerned: this is about what was captured of the machine, not about the machine.';

export const INPUT = {
  'dump-load-address-assumed': rule({
    severity: 'note',
    reach: null,
    args: {
      file: ['The file, or the files of one dump', json.said(namesInWords)],
    },
    sentence: ({ file }) =>
      `${namesInWords(file)} is taken to start at physical address 0; --base or file@address says otherwise`,
    explain: () => ({
      title: 'A raw dump was taken to start at address 0',
      meaning:
        'Raw memory does not say which physical address its first byte has, and nobody else did: no address behind the ' +
        'file name, no --base, no memory list in the snapshot.',
      hardware: NOT_CONCERNED,
      kernel: 'Not concerned; but if the assumption is wrong, every table is looked for in the wrong place.',
      causes: ['a file saved from a debugger, a BMC or a boot loader without its address'],
      next: [
        'FILE@ADDRESS on the command line, or --base ADDRESS: where the memory of the machine begins',
        'the memory list of the snapshot, for several pieces in one file',
        '/proc/iomem of the crashed kernel: "System RAM"',
      ],
      references: ['schema/snapshot.schema.json, memory'],
    }),
  }),
  'dump-damaged': rule({
    severity: 'warning',
    reach: null,
    args: {
      file: ['The file', json.text],
      fileOffset: ['Where in the file', json.hex],
      what: ['The damage', json.said(dumpFlawInWords)],
    },
    sentence: ({ file, fileOffset, what }) => `${file}, offset ${hex(fileOffset)}: ${dumpFlawInWords(what)}`,
    explain: () => ({
      title: 'The dump is damaged',
      meaning:
        'Something in the file is not as its format demands: a truncated end, a page that does not decompress, records ' +
        'that contradict each other. The pages concerned are lost; the rest is used.',
      hardware: NOT_CONCERNED,
      kernel: 'Not concerned; where its decision hangs on a lost page, the verdict cannot be told.',
      causes: ['a transfer that was cut off', 'a disk that was full when the dump was saved', 'a failing disk'],
      next: [
        '`smmu-adopt info DUMP`: all damage, and how many pages are lost',
        'the size and the checksum of the original file',
      ],
      references: ['the description of the container: ELF core, kdump-compressed, LiME'],
    }),
  }),
  'dump-incomplete': rule({
    severity: 'warning',
    reach: null,
    args: {
      file: ['The file, or the files of one dump', json.said(namesInWords)],
    },
    sentence: ({ file }) => `${namesInWords(file)} says of itself that it is incomplete`,
    explain: () => ({
      title: 'The dump says of itself that it is incomplete',
      meaning: 'A flag in the header says that the tool stopped before the end, usually for want of space.',
      hardware: NOT_CONCERNED,
      kernel: 'Not concerned; a page that was not saved is unknown, never zero.',
      causes: ['makedumpfile that ran out of space on its target'],
      next: [
        '`smmu-adopt info DUMP`: pages by state',
        'the log of the kdump initramfs: what makedumpfile said in the end',
      ],
      references: ['makedumpfile(8), exit status and incomplete dumps'],
    }),
  }),
  'snapshot-unknown-register': rule({
    foundIn: 'snapshot',
    severity: 'warning',
    reach: null,
    args: {
      register: ['The name as written', json.text],
      place: ['JSON path in the snapshot', json.text],
    },
    sentence: ({ place }) => `${place} is not a register of the architecture; it is not used`,
    explain: () => ({
      title: 'The snapshot has a register that is not known',
      meaning: 'A name in the snapshot is none of the architecture. Its value is not used.',
      hardware: NOT_CONCERNED,
      kernel: 'Not concerned; if a register that matters is hidden behind the name, its value is assumed instead.',
      causes: ['a slip of the pen', 'a register of the implementation, or of the Secure or Realm page', 'a field name'],
      next: [
        '`smmu-adopt regs validate REGS`: what is known, what is missing, and what that costs',
        'the names of the architecture, with or without SMMU_ in front, in any case',
      ],
      references: ['schema/snapshot.schema.json, registers'],
    }),
  }),
  'snapshot-memory-ignored': rule({
    foundIn: 'snapshot',
    severity: 'warning',
    reach: null,
    args: {
      format: ['Format of the dump', json.text],
    },
    sentence: ({ format }) => `the snapshot's memory list is not used: this ${format} dump is placed otherwise`,
    explain: () => ({
      title: "The snapshot's memory list is not used",
      meaning: 'The dump says itself where its bytes belong, or the command line does; the list is for raw dumps only.',
      hardware: NOT_CONCERNED,
      kernel: 'Not concerned.',
      causes: ['a snapshot that was made for a raw dump of the same machine', '--base or FILE@ADDRESS beside the list'],
      next: ['`smmu-adopt info DUMP`: the memory map that is used'],
      references: ['schema/snapshot.schema.json, memory'],
    }),
  }),
  'snapshot-after-probe': rule({
    foundIn: 'snapshot',
    severity: 'warning',
    reach: null,
    args: NO_ARGS,
    sentence: () =>
      "the registers were read after the kdump kernel's probe; they may describe its own table, not the crashed one",
    explain: () => ({
      title: "The registers were read after the kdump kernel's probe",
      meaning:
        'By then its driver has reset the SMMU. After a full reset STRTAB_BASE describes the new, empty table; after an ' +
        'adoption the base is still the old one, but CR0, the queues and the entries of attached devices are new.',
      hardware: 'It follows what the registers say now.',
      kernel:
        'Either way it leaves the event queue off, so that CR0 reads 0x9 where it was 0xd. After an adoption a real ' +
        'attach rewrites STEs inside the crashed table, and L1 descriptors may point into the crashkernel range. None of ' +
        'this is corruption.',
      causes: ['a capture from a shell of the kdump kernel', 'a vmcore saved there, with registers read beside it'],
      next: [
        'addresses inside the crashkernel range: they are marks of the kdump kernel',
        '`smmu-adopt regs capture --base ADDRESS`: a script for the moment before the driver loads',
      ],
      references: [ARM.cr0, linux('arm_smmu_device_reset')],
    }),
  }),
  'findings-omitted': rule({
    severity: 'note',
    reach: null,
    args: {
      rule: ['', ruleName],
      listed: ['Findings of that rule that are listed', json.integer(1)],
      total: ['Findings of that rule in all', json.integer(1)],
    },
    sentence: ({ rule, listed, total }) => `${total} findings of ${rule}; only the first ${listed} are listed`,
    explain: () => ({
      title: 'More findings of one rule than are listed',
      meaning: 'A thousand findings of one rule say as much as all of them; the rest is counted, not listed.',
      hardware: 'Whatever the rule in question says.',
      kernel: 'Whatever the rule in question says; it stops at the first.',
      causes: ['a whole page, or a whole table, that was overwritten'],
      next: [
        'the first and the last place listed: whether they make one stretch of memory',
        'rows of the tables themselves: `smmu-adopt inspect DUMP --regs REGS --all --format ndjson`',
      ],
      references: ['schema/inspection.schema.json, findings'],
    }),
  }),
};
