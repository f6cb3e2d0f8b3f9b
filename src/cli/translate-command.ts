/** `smmu-adopt translate`: where the DMA of a device goes. */

import { type Command, Option } from 'commander';
import { type ExcludedPolicy, MemoryView } from '../dump/view.ts';
import { InputError } from '../errors.ts';
import { AddressMap } from '../platform/address-map.ts';
import type { AskedStream } from '../platform/asked-streams.ts';
import { loadIomem } from '../platform/iomem.ts';
import { deviceNamesOf } from '../platform/platform.ts';
import { parseIova, parseOneStream, parseSsid } from './arguments.ts';
import { addPlacedDumpOptions, DUMP_ARGUMENT, type DumpFlags, Dumps, excludedOption } from './dump-options.ts';
import { addPlatformOptions, loadPlatform, type PlatformFlags } from './platform-options.ts';
import type { Session } from './session.ts';
import { completed, givenSnapshot, noteOrigin, REGS_OPTION } from './snapshot-argument.ts';
import { readStreams, smmuOfStream } from './stream-options.ts';
import { addTextOrJson, type TextOrJsonFlags } from './text-or-json.ts';

interface TranslateFlags extends DumpFlags, PlatformFlags, TextOrJsonFlags {
  readonly regs?: string;
  readonly sid: readonly AskedStream[];
  readonly ssid?: number;
  readonly iova?: bigint;
  readonly all?: boolean;
  readonly read?: boolean;
  readonly write?: boolean;
  readonly exec?: boolean;
  readonly priv?: boolean;
  readonly smmu?: string;
  readonly iomem?: string;
  readonly excluded?: ExcludedPolicy;
  readonly allowOutside?: boolean;
}

const EXAMPLES = `
Examples:
  smmu-adopt translate vmcore --regs regs.json --sid 0x100 --iova 0xffffb002
  smmu-adopt translate vmcore --regs regs.json --sid 01:00.0 --iova 0xffffb002 --write --iomem iomem.txt
  smmu-adopt translate vmcore --regs regs.json --sid 0x100 --ssid 5 --iova 0x7f0000001000 --read
  smmu-adopt translate vmcore --regs regs.json --sid 0x100 --all

Exit status:
  0  the access comes out somewhere; with --all, the ranges are complete
  1  the hardware aborts it, or raises the fault that is named
  2  could not be translated: bad arguments, unreadable or invalid input
  3  the dump lacks what decides; with --all, tables are missing, or more than are ever walked`;

/** Adds the command to the program, to run in `session`. */
export function addTranslateCommand(program: Command, session: Session): void {
  const command = program
    .command('translate')
    .summary('where an access of a device goes: every table on the way, or everything that it can reach')
    .description(
      'Translates as the hardware does, stage 1, stage 2 or both, and shows each table that is read on the way: to a ' +
        'physical address, or to the fault that would be raised. With --all, lists everything that a stream can reach.',
    )
    .argument('[dump...]', DUMP_ARGUMENT)
    .option('--regs <file>', REGS_OPTION)
    .requiredOption(
      '--sid <sid>',
      'the StreamID: 0x100, 256, 01:00.0, 0000:01:00.0, or a name of firmware',
      parseOneStream,
    )
    .option('--ssid <ssid>', 'the SubstreamID (PASID) that comes with the access', parseSsid)
    .addOption(new Option('--iova <address>', 'the input address').argParser(parseIova).conflicts('all'))
    .option('--all', 'everything that the stream can reach, as ranges')
    .addOption(new Option('--read', 'a data read (default)').conflicts(['write', 'exec', 'all']))
    .addOption(new Option('--write', 'a write').conflicts(['exec', 'all']))
    .addOption(new Option('--exec', 'an instruction fetch').conflicts('all'))
    .addOption(new Option('--priv', 'a privileged access').conflicts('all'))
    .option('--smmu <name>', 'the SMMU, where the snapshot has several')
    .option('--iomem <file>', "the crashed kernel's /proc/iomem, read as root: says what is at the address")
    .addOption(excludedOption());
  addPlatformOptions(command);
  addPlacedDumpOptions(command);
  addTextOrJson(command.optionsGroup('The report:'))
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: TranslateFlags) => {
      session.status = await runTranslate(dumps, flags, session);
    });
}

async function runTranslate(names: string[], flags: TranslateFlags, session: Session): Promise<number> {
  const { ssid = null, iova, all = false, excluded } = flags;
  if (iova === undefined && !all) throw new InputError('usage', '--iova says which address, --all that all are meant');
  const given = await givenSnapshot(flags, session);
  const givenMap = flags.iomem === undefined ? undefined : await loadIomem(flags.iomem);
  const dumps = new Dumps(flags, given?.memory ?? [], session);
  try {
    const dump = await dumps.open(names);
    const evidence = await completed(dump, { snapshot: given, iomem: givenMap });
    const { snapshot, iomem } = evidence;
    await noteOrigin(evidence, session);
    const map = new AddressMap(dump.memory, iomem ?? null, snapshot.kdump.systemRam);
    const memory = { view: new MemoryView(dump, excluded), map };
    const platform = await loadPlatform(flags, dump, snapshot, session.progress);
    const smmu = smmuOfStream(snapshot, flags.smmu, flags.sid, platform);
    const sid = readStreams(session, platform, [smmu], (asked) => asked.readOne(flags.sid, smmu));
    const device = deviceNamesOf(platform, smmu).deviceOf(sid);
    const style = flags.format === 'text' ? await session.style(flags.color) : null;
    const { answerAccess, answerAll } = await import('./translate-answer.ts');
    const access = flags.write ? 'write' : flags.exec ? 'exec' : 'read';
    const { pieces, status } =
      iova === undefined
        ? answerAll(smmu, memory, { sid, ssid, device }, style)
        : answerAccess(smmu, memory, { sid, ssid, device, iova, access, privileged: flags.priv ?? false }, style);
    await session.print(pieces);
    return status();
  } finally {
    dumps.close();
  }
}
