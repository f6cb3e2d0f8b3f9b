/** The errno numbers of Linux that the functions emulated here return, negated as the kernel returns them. */

export const ENXIO = -6;
export const ENOMEM = -12;
export const EBUSY = -16;
export const ENODEV = -19;
export const EINVAL = -22;
export const ERANGE = -34;
export const EOPNOTSUPP = -95;

const NAMES = new Map([
  [ENXIO, 'ENXIO'],
  [ENOMEM, 'ENOMEM'],
  [EBUSY, 'EBUSY'],
  [ENODEV, 'ENODEV'],
  [EINVAL, 'EINVAL'],
  [ERANGE, 'ERANGE'],
  [EOPNOTSUPP, 'EOPNOTSUPP'],
]);

/** The name of a negative return value; null for success and for "not known". */
export function errnoName(ret: number | null): string | null {
  return ret === null ? null : (NAMES.get(ret) ?? null);
}
