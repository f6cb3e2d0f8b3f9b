/** What becomes of the devices of the kdump kernel? Their insertion, and whether their attach waits. */

import { hex } from '../../../hex.ts';
import type { DeviceReport, InsertReport, SmmuReport } from '../../../inspect/inspection.ts';
import { DEFERRAL_ENDS } from '../../prose/adoption/deferral.ts';
import { DEVICE_FATES } from '../../prose/adoption/fate.ts';
import { count } from '../../prose/quantities.ts';
import { alarm, code, joined, notes, type Prose, type Row, type Section, toned } from '../section.ts';
import { deviceNames } from './device-cells.ts';

/** Every active stream of a hostile table can be a device; the refused ones come first where not all are shown. */
const MAX_ROWS = 1000;

/** Null where there are none. Those that go into a table of the kdump kernel's own are not inserted. */
export function devices(smmu: SmmuReport): Section | null {
  if (smmu.inserts.length > 0) return insertions(smmu);
  return smmu.devices.length > 0 ? ordinaryDevices(smmu.devices) : null;
}

const INSERTION_COLUMNS = [
  { title: 'SID', kind: 'number' },
  { title: 'Device', optional: true },
  { title: 'Result' },
  { title: 'L2 table mapped', optional: true },
  { title: 'Attach', optional: true },
  { title: 'Kernel log', optional: true },
] as const;

function insertions(smmu: SmmuReport): Section {
  const { inserts, devices: list } = smmu;
  const nameOf = deviceNames(smmu);
  // Of two devices with one StreamID the first has the say.
  const bySid = new Map(list.toReversed().flatMap((device) => device.sids.map((sid) => [sid, device] as const)));
  const refused = ({ ret }: InsertReport) => ret !== 0;
  const listed =
    inserts.length > MAX_ROWS ? [...inserts.filter(refused), ...inserts.filter((one) => !refused(one))] : inserts;
  const rows = listed.map((insert): Row => {
    const device = bySid.get(insert.sid);
    const fails = (insert.ret ?? 0) < 0 || device?.fate === 'kernel-dies';
    return {
      tone: fails && insert.asked !== false ? 'bad' : 'plain',
      cells: [
        hex(insert.sid),
        nameCell(insert.device ?? nameOf(insert.sid), insert.hotplugged),
        result(insert),
        mapped(insert),
        attach(insert, device),
        printed(insert),
      ],
    };
  });
  return {
    id: 'devices',
    title: 'Insertions',
    short: 'Devices',
    aside: `${count(inserts.length, 'stream')} through arm_smmu_insert_master`,
    blocks: [
      { table: { label: 'Insertions', columns: INSERTION_COLUMNS, rows, most: MAX_ROWS } },
      notes(
        inserts.some(({ asked }) => asked === false) &&
          'Not asked: the kernel never comes to it; the result is what it would be alone.',
        inserts.some(({ deferred }) => deferred === true) && `A deferral ends with ${DEFERRAL_ENDS}.`,
      ),
    ],
  };
}

function nameCell(name: string | null, hotplugged: boolean): string | null {
  if (name === null) return hotplugged ? 'hotplug' : null;
  return hotplugged ? `${name} (hotplug)` : name;
}

function result({ ret, errno, asked }: InsertReport): Prose {
  const said = ret === null ? 'unknown' : errno === null ? String(ret) : `-${errno}`;
  if (asked === false) return `not asked (${said})`;
  if (ret === null) return toned('unknown', 'unknown');
  return ret === 0 ? toned('good', 'inserted') : [alarm('refused'), `, ${said}`];
}

function mapped({ mappings, fresh }: InsertReport): Prose | null {
  const last = mappings.at(-1);
  return last !== undefined ? code(hex(last.address)) : fresh ? 'fresh, all abort' : null;
}

/** Deferral is the device's: with several streams, the one that decides is named. */
function attach({ deferred, sid, asked }: InsertReport, device: DeviceReport | undefined): Prose | null {
  if (device?.fate === 'kernel-dies' && asked !== false) return alarm('the kernel dies');
  if (deferred === null) return null;
  if (!deferred) return 'at once';
  const by = device !== undefined && device.sids.length > 1 ? device.deferredBy : null;
  return by === null ? 'deferred' : ['deferred by ', code(hex(by ?? sid))];
}

function printed({ log }: InsertReport): Prose | null {
  const texts = [...new Set(log.map(({ text }) => text))];
  return texts.length === 0 ? null : joined(texts.map(code), '; ');
}

const ORDINARY_COLUMNS = [
  { title: 'SIDs' },
  { title: 'Device', optional: true },
  { title: 'Result' },
  { title: 'Attach', optional: true },
] as const;

function ordinaryDevices(list: readonly DeviceReport[]): Section {
  const rows = list.map(({ sids, name, hotplugged, fate, deferred }) => ({
    cells: [
      sids.map(hex).join(', '),
      nameCell(name, hotplugged),
      toned(DEVICE_FATES[fate].tone, DEVICE_FATES[fate].text),
      deferred === null ? null : deferred ? 'deferred' : 'at once',
    ],
  }));
  return {
    id: 'devices',
    title: 'Devices',
    aside: "not inserted into the crashed kernel's table",
    blocks: [{ table: { label: 'Devices', columns: ORDINARY_COLUMNS, rows, most: MAX_ROWS } }],
  };
}
