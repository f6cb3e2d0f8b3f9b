/** Samples about what tables of firmware say of the machine. */

import { deviceTree } from '../test/support/writers/device-tree-writer.ts';
import { iort } from '../test/support/writers/iort-writer.ts';
import { healthy, L2_BUS1, type Sample, smmu, stage1 } from './machine.ts';

/** Two host bridges, of which one shows its functions as one stream, and a USB controller. */
const MACHINE_DTB = deviceTree({
  '#address-cells': [2],
  '#size-cells': [2],
  compatible: 'sample,machine',
  'memory@80000000': { device_type: 'memory', reg: [0, 0x8000_0000, 0, 0x1000_0000] },
  soc: {
    '#address-cells': [1],
    '#size-cells': [1],
    compatible: 'simple-bus',
    ranges: [0, 0, 0x0900_0000, 0x0100_0000],
    'iommu@50000': {
      compatible: ['sample,smmu', 'arm,smmu-v3'],
      reg: [0x5_0000, 0x2_0000],
      '#iommu-cells': [1],
      'dma-coherent': true,
      phandle: [1],
    },
    'usb@80000': { compatible: 'generic-xhci', reg: [0x8_0000, 0x1_0000], iommus: [1, 0x1f8] },
  },
  'pcie@4010000000': {
    device_type: 'pci',
    'linux,pci-domain': [0],
    'iommu-map': [0, 1, 0, 0x1f0],
  },
  'pcie@4020000000': {
    device_type: 'pci',
    'linux,pci-domain': [1],
    'iommu-map-mask': [0xfff8],
    'iommu-map': [0, 1, 0xf00, 0x200],
  },
});

const MACHINE_IORT = iort([
  { type: 0 },
  { smmuV3: 0x905_0000, coherent: true },
  {
    segment: 0,
    mappings: [
      { count: 0x30, firstSid: 0, to: 1 },
      { firstId: 0x100, count: 0xf00, firstSid: 0x100, to: 1 },
    ],
  },
  { component: '\\_SB_.DISP', mappings: [{ firstSid: 0x30, to: 1, single: true }] },
  { rmr: [[0x8820_0000, 0x10_0000]], mappings: [{ firstSid: 0x30, to: 1, single: true }] },
]);

export const FIRMWARE_CASES: readonly Sample[] = [
  {
    name: 'device-tree-beyond-table',
    description: 'a device tree names the devices; its host bridge reaches StreamIDs that the table does not cover',
    args: ['--dtb', 'machine.dtb', '--insert', 'all'],
    memory: healthy().ste(L2_BUS1, 0xf0, stage1(3)),
    files: { 'machine.dtb': MACHINE_DTB },
    smmus: [smmu()],
  },
  {
    name: 'iort-rmr',
    description: 'an IORT with a display that firmware keeps running: its StreamID is looked up without --rmr',
    args: ['--iort', 'iort.bin', '--full'],
    memory: healthy(),
    files: { 'iort.bin': MACHINE_IORT },
    smmus: [smmu({}, { firmware: { coherent: true } })],
  },
];
