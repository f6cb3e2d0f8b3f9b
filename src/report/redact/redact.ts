/**
 * Makes a report that can be passed on: addresses, names of files and hosts, what firmware calls devices, and build IDs are
 * replaced by stand-ins; what they tell of the tables stays. `docs/redaction.md` says what is replaced by what.
 *
 * It is done to the facts, before any writer sees them, so that every format has the same stand-ins and none can forget
 * one. First all facts are read and what has to be replaced is gathered, because stand-ins keep the order.
 */

import { Rows } from '../../rows.ts';
import { decodeFields } from '../../smmu/fields.ts';
import { AddressBook } from './address-book.ts';
import { DeviceBook } from './device-book.ts';
import { type Change, changed } from './facts.ts';
import type { Redactable, TextKind } from './kinds.ts';
import { NameBook } from './name-book.ts';
import { withAddresses } from './spelled.ts';
import { addressMasks, DESCRIPTOR, isKernelAddress, isOverwritten, withKnownStandIns, withStandIns } from './words.ts';

export type { Redactable } from './kinds.ts';

/** Redacts the reports of one run: a name has the same stand-in in all of them. */
export class Redactor {
  readonly #names = new NameBook();
  readonly #devices = new DeviceBook();

  /** The report with stand-ins, to be written like any other. Its rows are read from the dump once more. */
  redact<T extends Redactable>(report: T): T {
    return this.redactWith(report, {}).report;
  }

  /** The same for a report and what is shown beside it: an address has one stand-in in both. */
  redactWith<T extends Redactable, B extends object>(report: T, beside: B): { readonly report: T; readonly beside: B } {
    const addresses = new AddressBook();
    const facts = { report, ...beside };
    changed(facts, gathering(addresses, this.#names, this.#devices));
    const { report: made, ...shown } = changed(facts, replacing(addresses, this.#names, this.#devices));
    // Reports say that they are redacted.
    return { report: { ...made, redacted: true }, beside: shown as unknown as B };
  }

  /** The stand-in of a name of this kind: `host-1` for the first host. */
  name(kind: 'file' | 'host' | 'crash', name: string): string {
    return this.#names.standIn(kind, name);
  }

  /** Text that stands by itself, with stand-ins for the names that have one and for its addresses. */
  text(text: string): string {
    const addresses = new AddressBook();
    changed(text, gathering(addresses, this.#names, this.#devices));
    return changed(text, replacing(addresses, this.#names, this.#devices));
  }
}

/**
 * One report with stand-ins, to be written like any other; rows are read from the dump once more. `names` are others that
 * must not come through, such as those of files that a sentence of the report may mention.
 */
export function redacted<T extends Redactable>(report: T, names: readonly string[] = []): T {
  const redactor = new Redactor();
  for (const name of names) redactor.name('file', name);
  return redactor.redact(report);
}

/** Changes nothing, and remembers what has to be replaced. */
function gathering(addresses: AddressBook, names: NameBook, devices: DeviceBook): Change {
  return {
    address: (address) => {
      addresses.note(address);
      return address;
    },
    extent: ({ address, byteLength }) => addresses.note(address, byteLength),
    word: (word, layout, index) => {
      const masks = layout === null ? undefined : addressMasks(layout).get(index);
      for (const mask of masks ?? []) addresses.note(word & mask);
      if (masks === undefined && isKernelAddress(word)) addresses.note(word);
      return word;
    },
    text: (text, kind) => {
      if (kind === 'file') for (const name of names.parts(text)) names.standIn('file', name);
      else if (kind === 'host' || kind === 'build-id') names.standIn(kind, text);
      else if (kind !== 'value') {
        if (kind !== 'command') devices.note(text, kind === 'device');
        withAddresses(text, (address) => {
          addresses.note(address);
          return address;
        });
      }
      return text;
    },
    fields: (_layout, _words, { fields }) => fields,
    rows: (rows, each) => {
      for (const row of rows) each(row);
      return rows;
    },
  };
}

/** Puts the stand-ins where what they stand for was. */
function replacing(addresses: AddressBook, names: NameBook, devices: DeviceBook): Change {
  const standIn = <A extends number | bigint>(address: A): A => addresses.standIn(address);
  const isKnown = (address: bigint) => addresses.has(address);
  const texts: Readonly<Record<TextKind, (text: string) => string>> = {
    file: (text) =>
      names
        .parts(text)
        .map((name) => names.standIn('file', name))
        .join(', '),
    host: (text) => names.standIn('host', text),
    'build-id': (text) => names.standIn('build-id', text),
    device: (text) => withAddresses(devices.replaced(text), standIn),
    value: () => 'redacted',
    command: (text) =>
      withAddresses(
        names.commandLine(text, (name) => devices.standInOf(name)),
        standIn,
      ),
    text: (text) => withAddresses(devices.replaced(names.replaced(text)), standIn),
  };
  return {
    address: standIn,
    extent: () => {},
    word: (word, layout, index) => {
      if (layout === null || layout === DESCRIPTOR) return withKnownStandIns(word, isKnown, standIn);
      const masks = addressMasks(layout).get(index);
      if (masks !== undefined) return withStandIns(word, masks, standIn);
      return isOverwritten(word, isKnown) ? standIn(word) : word;
    },
    text: (text, kind) => texts[kind](text),
    fields: (layout, words, { known }) => decodeFields(layout, words, typeof known === 'bigint' ? known : null),
    rows: (rows, each) =>
      new Rows(function* () {
        for (const row of rows) yield each(row);
      }),
  };
}
