import { describe, expect, it } from 'vitest';
import { findDoor } from '../../src/boot/doors.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { makeBzImage } from './guest-fixtures.ts';

describe('findDoor', () => {
  it('takes the first that fits the file, or the one asked for', () => {
    expect(findDoor(makeBzImage(), undefined).entry).toBe('64');
    expect(findDoor(makeBzImage(), '32').entry).toBe('32');
    expect(findDoor(makeBzImage(), '16').entry).toBe('16');
    expect(findDoor(makeBzImage({ xloadFlags: 0 }), undefined).entry).toBe('32');
  });

  it('says what is wrong with a file or a choice', () => {
    expect(() => findDoor(new Uint8Array(0), undefined)).toThrow(InputError);
    expect(() => findDoor(new Uint8Array(0), undefined)).toThrow(/empty/);
    expect(() => findDoor(new Uint8Array(100), undefined)).toThrow(/not a kernel/);
    expect(() => findDoor(makeBzImage({ xloadFlags: 0 }), '64')).toThrow(
      'this file has no 64 entry point, only 16, 32',
    );
  });
});
