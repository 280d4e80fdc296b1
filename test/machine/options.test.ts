import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/boot/input-error.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { bytesOf, checkOptions, LARGEST_MEMORY, type MachineOptions } from '../../src/machine/options.ts';

const GOOD = { host: new NodeHost(), kernel: Uint8Array.of(1) };

/** The options with one replaced by what the compiler would not let through. */
const withOption = (name: string, value: unknown): MachineOptions => ({ ...GOOD, [name]: value });

describe('checkOptions', () => {
  it('fills in the defaults', () => {
    expect(checkOptions({ ...GOOD, initrd: undefined, seed: undefined })).toMatchObject({
      kernel: Uint8Array.of(1),
      entry: undefined,
      modules: [],
      commandLine: 'console=ttyS0',
      memorySize: 512 * 2 ** 20,
      clock: 'host',
      tier: 'auto',
      seed: undefined,
      reboot: true,
    });
  });

  it.each<[string, unknown]>([
    ['kernel', undefined],
    ['kernel', 'vmlinuz'],
    ['initrd', null],
    ['initrd', 7],
    ['entry', '16bit'],
    ['commandLine', 5],
    ['commandLine', 'quiet\0'],
    ['memorySize', Number.NaN],
    ['memorySize', '512M'],
    ['memorySize', 2 ** 24 + 1],
    ['memorySize', 2 ** 21 - 4096],
    ['memorySize', LARGEST_MEMORY + 4096],
    ['clock', 'sundial'],
    ['tier', 'fast'],
    ['seed', Number.NaN],
    ['seed', -1],
    ['seed', 0.5],
    ['seed', 2 ** 53],
    ['reboot', 'no'],
    ['onSerialOutput', 'print'],
    ['host', null],
  ])('refuses %s = %j and names it', (name, value) => {
    expect(() => checkOptions(withOption(name, value))).toThrow(InputError);
    expect(() => checkOptions(withOption(name, value))).toThrow(new RegExp(`^${name}: `));
  });

  it('takes one initramfs or several files', () => {
    const data = Uint8Array.of(1, 2);
    expect(checkOptions({ ...GOOD, initrd: data.buffer }).modules).toEqual([{ data }]);
    const files = [{ data }, { data: new DataView(data.buffer), commandLine: 'word' }];
    expect(checkOptions({ ...GOOD, initrd: files }).modules).toEqual([
      { data },
      { data, commandLine: 'word' },
    ]);
    expect(() => checkOptions(withOption('initrd', [data]))).toThrow(/^initrd\[0\]\.data: /);
    expect(() => checkOptions(withOption('initrd', [{ data, commandLine: '\0' }]))).toThrow(
      /^initrd\[0\]\.commandLine: /,
    );
  });

  it('refuses no options at all', () => {
    expect(() => checkOptions(undefined as unknown as MachineOptions)).toThrow(InputError);
  });
});

describe('bytesOf', () => {
  it('takes buffers and the part that a view shows', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(bytesOf('kernel', bytes.buffer)).toEqual(bytes);
    expect(bytesOf('kernel', new SharedArrayBuffer(2))).toHaveLength(2);
    expect(bytesOf('kernel', new DataView(bytes.buffer, 2, 3))).toEqual(Uint8Array.of(3, 4, 5));
    expect(bytesOf('kernel', new Uint16Array(bytes.buffer, 4))).toEqual(Uint8Array.of(5, 6, 7, 8));
    expect(bytesOf('kernel', Buffer.from('ab'))).toEqual(Uint8Array.of(0x61, 0x62));
  });

  it('takes a buffer of another realm', () => {
    expect(bytesOf('kernel', runInNewContext('new ArrayBuffer(3)'))).toHaveLength(3);
  });
});
