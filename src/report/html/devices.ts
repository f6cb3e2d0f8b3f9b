/** The devices of the kdump kernel: their insertion, whether their attach waits, and what becomes of RMR entries. */

import { hex } from '../../hex.ts';
import type { DeviceReport, InsertReport, SmmuReport } from '../../inspect/inspection.ts';
import { DeviceNames, idsInWords } from '../../platform/device-names.ts';
import { DEVICE_FATES } from '../prose/fate.ts';
import { type Content, code, count, type Html, html } from './markup.ts';
import { badge, cutTable, NOTHING, note, section, sectionId, table } from './section.ts';

/** Every active stream of a hostile table can be a device; the refused ones come first where not all are shown. */
const MAX_ROWS = 1000;

/** Null where there is nothing to insert, or where the table that devices go into is an ordinary one. */
export function insertions(index: number, { inserts, devices, platform, masters }: SmmuReport): Html | null {
  if (inserts.length === 0) return plainDevices(index, devices);
  const names = new DeviceNames(platform?.ranges ?? [], masters);
  const refused = ({ ret }: InsertReport) => ret !== 0;
  const listed =
    inserts.length > MAX_ROWS ? [...inserts.filter(refused), ...inserts.filter((one) => !refused(one))] : inserts;
  const rows = listed.map((insert) => ({
    tone: insert.ret !== null && insert.ret < 0 && insert.asked !== false ? ('bad' as const) : ('plain' as const),
    cells: [
      hex(insert.sid),
      (insert.device ?? names.deviceOf(insert.sid) ?? NOTHING) + (insert.hotplugged ? ' (hotplug)' : ''),
      result(insert),
      mapped(insert),
      attach(insert, devices),
      lines(insert),
    ] as Content[],
  }));
  const columns = [
    { title: 'SID', kind: 'number' as const },
    { title: 'Device', optional: true },
    { title: 'Result' },
    { title: 'L2 table mapped', kind: 'code' as const },
    { title: 'Attach' },
    { title: 'Kernel log', optional: true },
  ];
  const body = html`${cutTable('Insertions', columns, rows, MAX_ROWS)}${
    inserts.some(({ asked }) => asked === false) &&
    note('Not asked: the kernel never comes to it; the result is what it would be alone.')
  }`;
  const aside = `${count(inserts.length, 'stream')} through arm_smmu_insert_master`;
  return section(sectionId(index, 'devices'), 'Insertions', aside, body);
}

function mapped({ mappings, fresh }: InsertReport): string {
  const last = mappings.at(-1);
  return last !== undefined ? hex(last.address) : fresh ? 'fresh, all abort' : NOTHING;
}

function result({ ret, errno, asked }: InsertReport): Content {
  const said = ret === null ? 'unknown' : errno === null ? String(ret) : `-${errno}`;
  if (asked === false) return `not asked (${said})`;
  if (ret === null) return badge('unknown', 'unknown');
  return ret === 0 ? badge('good', 'inserted') : badge('bad', `refused, ${said}`);
}

/** Deferral is the device's: with several streams, the one that decides is named. */
function attach({ deferred, sid }: InsertReport, devices: readonly DeviceReport[]): string {
  if (deferred === null) return NOTHING;
  if (!deferred) return 'at once';
  const device = devices.find(({ sids, deferredBy }) => sids.includes(sid) && deferredBy !== null);
  return device !== undefined && device.sids.length > 1 ? `deferred by ${hex(device.deferredBy ?? sid)}` : 'deferred';
}

function lines({ log }: InsertReport): Content {
  const texts = [...new Set(log.map(({ text }) => text))];
  return texts.length === 0 ? NOTHING : texts.map((text) => [code(text), ' ']);
}

/** Devices that go into a table of the kdump kernel's own. */
function plainDevices(index: number, devices: readonly DeviceReport[]): Html | null {
  if (devices.length === 0) return null;
  const rows = devices.map((device) => [
    device.sids.map(hex).join(', '),
    (device.name ?? NOTHING) + (device.hotplugged ? ' (hotplug)' : ''),
    badge(DEVICE_FATES[device.fate].tone, DEVICE_FATES[device.fate].text),
    device.deferred === null ? NOTHING : device.deferred ? 'deferred' : 'at once',
  ]);
  const columns = [{ title: 'SIDs' }, { title: 'Device', optional: true }, { title: 'Result' }, { title: 'Attach' }];
  return section(
    sectionId(index, 'devices'),
    'Devices',
    "not inserted into the crashed kernel's table",
    cutTable('Devices', columns, rows, MAX_ROWS),
  );
}

/** Null unless RMR entries were asked about. */
export function rmr(index: number, { rmr: entries }: SmmuReport): Html | null {
  if (entries.length === 0) return null;
  const rows = entries.map(({ sid, kept, config, valid }) => [
    hex(sid),
    config === null ? 'not known' : `${config}${valid === true ? '' : ', V=0'}`,
    kept === null ? 'cannot be told' : kept ? 'kept as it is' : 'replaced by a bypass STE in the new table',
  ]);
  const columns = [{ title: 'SID', kind: 'number' as const }, { title: 'STE found' }, { title: 'What becomes of it' }];
  return section(
    sectionId(index, 'rmr'),
    'Reserved memory regions of firmware',
    null,
    table('Reserved memory regions', columns, rows),
  );
}

/** Null unless a table of firmware's has the SMMU. */
export function firmware(index: number, { platform }: SmmuReport): Html | null {
  if (platform === undefined || platform.source === null) return null;
  const { source, instance, coherent, ranges } = platform;
  const rows = ranges.map((range) => [
    range.name,
    idsInWords(range),
    range.count === 1 ? hex(range.firstSid) : `${hex(range.firstSid)}-${hex(range.firstSid + range.count - 1)}`,
    hex(range.mask),
  ]);
  const columns = [
    { title: 'Behind it' },
    { title: 'IDs' },
    { title: 'SIDs', kind: 'code' as const },
    { title: 'Mask', kind: 'number' as const },
  ];
  return section(
    sectionId(index, 'firmware'),
    'Firmware',
    `${instance} in ${source}: ${coherent ? 'coherent' : 'not coherent'}`,
    rows.length === 0 ? note('Nobody is behind it.') : cutTable('Firmware', columns, rows, MAX_ROWS),
  );
}
