/** `smmu-adopt translate`: where the DMA of a device goes. */

import { type Command, Option } from 'commander';
import type { ExcludedPolicy } from '../../dump/view.ts';
import { InputError } from '../../errors.ts';
import type { AskedStream } from '../../platform/asked-streams.ts';
import { loadIomem } from '../../platform/iomem.ts';
import { Rows } from '../../rows.ts';
import type { TranslationOutcome } from '../../streams/translation.ts';
import { parseIova, parseSsid } from '../options/arguments.ts';
import { addPlacedDumpOptions, dumpArgument, excludedOption } from '../options/dump-options.ts';
import { type GivenFlags, withGiven } from '../options/given.ts';
import { addPlatformOptions } from '../options/platform-options.ts';
import { REGS_OPTION } from '../options/snapshot-argument.ts';
import { oneStreamOption, readStreams, smmuOfStream } from '../options/stream-options.ts';
import { addTextOrJson, redactOption, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

interface TranslateFlags extends GivenFlags, TextOrJsonFlags {
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
    .addArgument(dumpArgument())
    .option('--regs <file>', REGS_OPTION)
    .addOption(oneStreamOption())
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
    .addOption(redactOption())
    .addHelpText('after', EXAMPLES)
    .action(async (dumps: string[], flags: TranslateFlags) => {
      session.status = await runTranslate(dumps, flags, session);
    });
}

async function runTranslate(names: string[], flags: TranslateFlags, session: Session): Promise<number> {
  const { ssid, iova, all = false, excluded } = flags;
  if (iova === undefined && !all) throw new InputError('usage', '--iova says which address, --all that all are meant');
  const givenMap = flags.iomem === undefined ? undefined : await loadIomem(flags.iomem);
  return withGiven(names, flags, session, { iomem: givenMap }, async ({ snapshot, iomem, dump, platform }) => {
    const smmu = smmuOfStream(snapshot, flags.smmu, flags.sid, platform);
    const sid = readStreams(session, platform, [smmu], (asked) => asked.readOne(flags.sid, smmu));
    const stream = { sid, ssid, smmu: smmu.name, iomem, platform, excluded };
    const { isIncomplete, translate } = await import('../../streams/translate.ts');
    if (iova === undefined) {
      const report = await translate(dump, snapshot, stream);
      let incomplete = false;
      const ranges = new Rows(function* () {
        for (const range of report.ranges) {
          incomplete ||= isIncomplete(range);
          yield range;
        }
      });
      await printReport({ ...report, ranges }, flags, session);
      return incomplete ? 3 : STATUSES[report.outcome];
    }
    const access = flags.write ? 'write' : flags.exec ? 'exec' : 'read';
    const report = await translate(dump, snapshot, { ...stream, iova, access, privileged: flags.priv });
    await printReport(report, flags, session);
    return STATUSES[report.outcome];
  });
}

const STATUSES: Readonly<Record<TranslationOutcome, number>> = {
  translated: 0,
  bypass: 0,
  abort: 1,
  fault: 1,
  indeterminate: 3,
};
