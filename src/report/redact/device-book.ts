/**
 * Stand-ins for what firmware calls devices. Whoever wrote a device tree or the tables of ACPI chose these names, and they
 * may tell whose machine it is: each part of a path that is no common word becomes `node-1`, whatever it is part of. PCI
 * addresses, IDs of ACPI and what the kernel makes up tell nothing of the kind, and stay.
 */

import { NameBook } from './name-book.ts';

/** Most of the generic names that the Devicetree Specification recommends (2.2.2), and what SMMUs and buses are called. */
const GENERIC = [
  'amba|apb|ahb|audio|axi|bluetooth|bridge|bus|camera|can|clock-controller|codec|controller|cpu|crypto|csi|disk|display',
  'display-controller|dma|dma-controller|dsi|dsp|efuse|ethernet|ethernet-port|firmware|flash|fpga|gpio|gpu|hdmi|hwrng|i2c',
  'i2s|image-sensor|interconnect|interrupt-controller|iommu|isp|jpeg|mailbox|mdio|memory|memory-controller|mmc|modem',
  'msi-controller|nand-controller|network|npu|nvme|parallel|pci|pcie|pcie-ep|pci-ep|phy|platform|pmu|power-controller|pwm',
  'remoteproc|reserved-memory|rng|rtc|sata|scsi|security|serial|smmu|smmuv3|smmu-v3|soc|sound|spi|sram|storage|switch',
  'syscon|system|timer|ufs|ufshc|usb|usb-controller|video|video-codec|vpu|watchdog|wifi',
].join('|');
const IS_GENERIC = new RegExp(`^(?:${GENERIC}|\\d+)-?\\d{0,3}$`, 'i');
/** What has been replaced already: it stands in for a name. */
const IS_STAND_IN = /^(?:node|file|host|crash|build-id)-\d+$/;

const PCI = /^(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f*]{2}\.[0-9*]/i;
/** `ACPI0016:00`: a vendor's ID of a kind of device, and which one. */
const ACPI_ID = /^[A-Z0-9]{7,8}:[0-9A-F]{2,}$/;
/** `arm-smmu-v3.0.auto`, numbered by the kernel, what it says where there is no device, and what is behind a root complex. */
const OF_KERNEL = /\.auto$|^\(|^PCI segment [0-9a-f]{4,}$/;
/** Without a blank, and with what only names have that are known without being asked for. */
const MAY_BE_NAME = /^\S*[\\/@.]\S*$/;
const OF_ADDRESS = /@|^[0-9a-f]{5,16}\./;
const ACPI_PATH = /^\\\S{1,255}$/;
/** But for those of files of the kernel. */
const TREE_PATH = /^(?!\/(?:proc|sys|dev)\/)(?:\/[\w,.+@-]{1,80})+$/;

/** `usb@fe900000`, and `fe900000.usb`, which the kernel makes of it, in any text. */
const BEFORE_UNIT = /(?<![\w,.+-])[A-Za-z][\w,.+-]{0,63}(?=@[0-9a-f]{4,16}\b)/g;
const BEHIND_UNIT = /(?<=(?<![\w,.+-])[0-9a-f]{5,16}\.)[A-Za-z][\w,+-]{0,63}/g;
/** The parts of a name that the kernel makes of nodes without an address, `soc:codec`, and of one of several words. */
const PART = /[^:.\s]+/g;

export class DeviceBook {
  readonly #nodes = new NameBook();
  /** Whole names, for where they stand within a sentence. */
  readonly #names = new NameBook();
  readonly #made = new Map<string, string>();

  /** Notes a text that may be the name of a device; `isName`: it is one. */
  note(text: string, isName: boolean): void {
    if ((!isName && !MAY_BE_NAME.test(text)) || this.#made.has(text)) return;
    const made = this.#standIn(text, isName);
    if (made === text) return;
    this.#made.set(text, made);
    this.#names.set(text, made);
  }

  /** The stand-in of a name that was noted. */
  standInOf(name: string): string | undefined {
    return this.#made.get(name);
  }

  /** The text with stand-ins for the parts of names in it. */
  replaced(text: string): string {
    const whole = this.#made.get(text);
    if (whole !== undefined) return whole;
    const named = this.#made.size === 0 ? text : this.#names.replaced(text);
    return named.includes('@') || named.includes('.') ? this.#withoutNodes(named) : named;
  }

  #standIn(text: string, isName: boolean): string {
    if (ACPI_PATH.test(text))
      return text.replace(/[^\\.^]+/g, (part) => (part.startsWith('_') ? part : this.#node(part)));
    if (TREE_PATH.test(text)) return text.replace(/(?<=\/)[^/@]+/g, (part) => this.#node(part));
    const changed = this.#withoutNodes(text);
    const isPlain = !isName || changed !== text || OF_ADDRESS.test(text);
    if (isPlain || PCI.test(text) || ACPI_ID.test(text) || OF_KERNEL.test(text)) return changed;
    return text.replace(PART, (part) => this.#node(part));
  }

  #withoutNodes(text: string): string {
    const node = (name: string) => this.#node(name);
    return text.replace(BEFORE_UNIT, node).replace(BEHIND_UNIT, node);
  }

  #node(name: string): string {
    return IS_GENERIC.test(name) || IS_STAND_IN.test(name) ? name : this.#nodes.standIn('node', name);
  }
}
