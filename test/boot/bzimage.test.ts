import { describe, expect, it } from 'vitest';
import { parseBzImage } from '../../src/boot/bzimage.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { makeBzImage } from './guest-fixtures.ts';

function messageOf(file: Uint8Array): string {
  try {
    parseBzImage(file);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('the image was taken');
}

describe('parseBzImage', () => {
  it('reads the fields at the offsets of boot.rst', () => {
    const image = parseBzImage(makeBzImage({ setupSectors: 39 }));
    expect(image).toMatchObject({
      version: 0x020f,
      relocatable: true,
      kernelAlignment: 0x200000,
      preferredAddress: 0x1000000,
      initSize: 0x800000,
      initrdAddressMax: 0x7fffffff,
      commandLineSize: 2047,
      hasEntry64: true,
    });
    expect(image.realMode.length).toBe(40 * 512);
    expect(image.protectedMode.length).toBe(0x1000);
    expect([...image.protectedMode.subarray(0, 3)]).toEqual([0, 1, 2]);
  });

  it('takes the setup header up to 0x202 plus the byte at 0x201', () => {
    const image = parseBzImage(makeBzImage());
    expect(image.setupHeader.length).toBe(0x202 + 0x6a - 0x1f1);
    expect(image.setupHeader[0]).toBe(4);
  });

  it('takes 0 setup sectors for 4', () => {
    const file = makeBzImage({ setupSectors: 4 });
    file[0x1f1] = 0;
    expect(parseBzImage(file).realMode.length).toBe(5 * 512);
  });

  it('leaves out what follows the code, such as a signature', () => {
    const file = makeBzImage();
    const signed = new Uint8Array(file.length + 100);
    signed.set(file);
    expect(parseBzImage(signed).protectedMode.length).toBe(0x1000);
  });

  it('works on a view that does not begin at the start of its buffer', () => {
    const file = makeBzImage();
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect(parseBzImage(larger.subarray(3)).initSize).toBe(0x800000);
  });

  it('says what is wrong with a bad file', () => {
    expect(messageOf(new Uint8Array(0))).toMatch(/not a bzImage/);
    expect(messageOf(new Uint8Array(100))).toMatch(/not a bzImage/);
    expect(messageOf(makeBzImage({ bootFlag: 0 }))).toMatch(/not a bzImage/);
    expect(messageOf(makeBzImage({ magic: 'HdrX' }))).toMatch(/not a bzImage/);
    expect(messageOf(makeBzImage({ loadFlags: 0 }))).toMatch(/not a bzImage/);
    expect(messageOf(makeBzImage({ version: 0x020b }))).toMatch(/protocol 2\.11 is too old/);
    expect(messageOf(makeBzImage().subarray(0, -16))).toMatch(/truncated.*6640 bytes.*6656/);
    expect(messageOf(makeBzImage().subarray(0, 0x240))).toMatch(/truncated/);
  });

  it('takes a file whose last paragraph of 16 bytes is short', () => {
    expect(parseBzImage(makeBzImage().subarray(0, -15)).protectedMode).toHaveLength(0x1000 - 15);
  });

  it('tells a 32-bit kernel from a 64-bit one', () => {
    expect(parseBzImage(makeBzImage({ xloadFlags: 0 })).hasEntry64).toBe(false);
    expect(parseBzImage(makeBzImage({ xloadFlags: 2 })).hasEntry64).toBe(false);
    expect(parseBzImage(makeBzImage({ xloadFlags: 3 })).hasEntry64).toBe(true);
  });
});
