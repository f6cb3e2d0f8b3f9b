/** When a device whose attach is deferred is attached after all, in words: what ends it is in the kernel's core code. */

const ENDS = [
  "the device's first mapping through the DMA API: the default domain is attached, the STE rewritten in place",
  'an attach of any other domain (VFIO, iommufd, blocked)',
  'the release of the device, which leaves the STE as it is',
];

/** What may end a deferral, as it goes on behind "ends with". */
export const DEFERRAL_ENDS = ENDS.join('; or ');
