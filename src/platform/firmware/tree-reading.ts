/** Reading properties of device tree nodes: texts, cells, and addresses seen from the CPU. Malformed ones are null. */

import { PADDR_LIMIT } from '../../dump/dump.ts';
import type { TreeNode } from './device-tree.ts';

/** `/soc/smmu@9050000`: what Linux calls the full name. */
export function pathOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at: TreeNode = node; at.parent !== null; at = at.parent) names.unshift(at.name);
  return `/${names.join('/')}`;
}

/**
 * What a node says with `status` against being used, or null: of_device_is_available(), to which a property without any
 * value is a "no" as well.
 */
export function refusalOf({ properties }: TreeNode): string | null {
  const value = properties.get('status');
  if (value === undefined || hasText(value, 'okay') || hasText(value, 'ok')) return null;
  return value.toString('utf8', 0, Math.min(value.length, MAX_STATUS_LENGTH)).split('\0')[0] ?? '';
}

const MAX_STATUS_LENGTH = 40;

/** Whether the first text of a property is this one. */
export function hasText(value: Buffer | undefined, text: string): boolean {
  const end = text.length;
  return value !== undefined && value.length > end && value[end] === 0 && value.toString('latin1', 0, end) === text;
}

/** The texts of a list such as `compatible`. */
export function textsOf(value: Buffer | undefined): string[] {
  if (value === undefined || value.length === 0) return [];
  return value.toString('utf8').replace(/\0$/, '').split('\0');
}

/** 32-bit cells; what is left of a last one is passed over. */
export function cellsOf(value: Buffer | undefined): number[] {
  return Array.from({ length: Math.floor((value?.length ?? 0) / 4) }, (_, i) => value?.readUInt32BE(i * 4) ?? 0);
}

/** The first cell of a property, or null: of_property_read_u32(). */
export function cellOf(node: TreeNode, name: string): number | null {
  const value = node.properties.get(name);
  return value !== undefined && value.length >= 4 ? value.readUInt32BE(0) : null;
}

/** `count` cells as one number, the first the highest. */
export function joinedCells(cells: readonly number[], at: number, count: number): bigint {
  return cells.slice(at, at + count).reduce((sum, cell) => (sum << 32n) | BigInt(cell), 0n);
}

/**
 * How the children of a bus write addresses. What a node does not say Linux takes from the nearest one above that does,
 * where the specification (2.3.5) has defaults for each node: of_bus_n_addr_cells().
 */
export function cellCounts(bus: TreeNode): { readonly address: number; readonly size: number } {
  return { address: inheritedCell(bus, '#address-cells'), size: inheritedCell(bus, '#size-cells') };
}

function inheritedCell(bus: TreeNode, name: string): number {
  for (let at: TreeNode | null = bus; at !== null; at = at.parent) {
    const cell = cellOf(at, name);
    if (cell !== null) return cell;
  }
  return 1;
}

/** More cells than any binding has; a count like this is garbage. */
const MAX_CELLS = 8;
/** More windows than any bus has; they are gone through for every SMMU below. */
const MAX_WINDOWS = 1 << 8;

/** The first address of `reg` as the CPU sees it, through the `ranges` of every bus above; null when there is none. */
export function physicalBase(node: TreeNode): number | null {
  let bus = node.parent;
  if (bus === null) return null;
  const counts = cellCounts(bus);
  const reg = cellsOf(node.properties.get('reg')?.subarray(0, 4 * 2 * MAX_CELLS));
  if (counts.address > MAX_CELLS || reg.length < counts.address + counts.size) return null;
  let address: bigint | null = joinedCells(reg, 0, counts.address);
  for (; bus.parent !== null && address !== null; bus = bus.parent) address = throughBus(bus, bus.parent, address);
  return address !== null && address < BigInt(PADDR_LIMIT) ? Number(address) : null;
}

/** From an address on `bus` to one on the bus above it: 2.3.8. */
function throughBus(bus: TreeNode, above: TreeNode, address: bigint): bigint | null {
  const value = bus.properties.get('ranges');
  // None at all: nothing of this bus is visible from above. Empty: the same addresses on both sides.
  if (value === undefined) return null;
  if (value.length === 0) return address;
  const { address: child, size } = cellCounts(bus);
  const { address: parent } = cellCounts(above);
  const entry = child + parent + size;
  if (entry === 0 || Math.max(child, parent, size) > MAX_CELLS) return null;
  const cells = cellsOf(value.subarray(0, 4 * entry * MAX_WINDOWS));
  for (let at = 0; at + entry <= cells.length; at += entry) {
    const from = joinedCells(cells, at, child);
    const length = joinedCells(cells, at + child + parent, size);
    if (from <= address && address < from + length) return joinedCells(cells, at + child, parent) + address - from;
  }
  return null;
}

/** `of_dma_is_coherent()`: the nearest node that says anything, from the device up. */
export function isDmaCoherent(node: TreeNode): boolean {
  for (let at: TreeNode | null = node; at !== null; at = at.parent) {
    if (at.properties.has('dma-coherent')) return true;
    if (at.properties.has('dma-noncoherent')) return false;
  }
  return false;
}
