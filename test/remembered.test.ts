import { expect, test, vi } from 'vitest';
import { onceFor } from '../src/remembered.ts';

test('what goes with an object is made once, also where it is nothing', () => {
  const make = vi.fn(({ name }: { readonly name: string | null }) => name);
  const made = onceFor(make);
  const [one, other] = [{ name: 'a' }, { name: null }];
  expect([made(one), made(other), made(one), made(other)]).toEqual(['a', null, 'a', null]);
  expect(make).toHaveBeenCalledTimes(2);
});

test('what could not be made is tried again', () => {
  const make = vi
    .fn(() => 1)
    .mockImplementationOnce(() => {
      throw new Error('not yet');
    });
  const made = onceFor(make);
  const key = {};
  expect(() => made(key)).toThrow('not yet');
  expect(made(key)).toBe(1);
});
