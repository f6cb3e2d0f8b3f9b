/** What readers of a redacted report have to know. */

/** Stands above the report; null for one that has nothing replaced. */
export function redactionInWords(report: object): string | null {
  return 'redacted' in report
    ? "redacted: addresses (0xfade…), names of files and hosts, firmware's names of devices and build ids are stand-ins; " +
        'PCI addresses, StreamIDs, order, alignment, offsets in a page and sizes of structures are real'
    : null;
}
