import { describe, expect, it } from 'vitest';
import { EfiGuest, error } from './efi-guest.ts';
import { makePe } from './pe-fixtures.ts';

const DEVICE_PATH = '09576e91-6d3f-11d2-8e39-00a0c969723b';
const LOADED_IMAGE = '5b1b31a1-9562-11d2-8e3f-00a0c969723b';
const LOADED_IMAGE_DEVICE_PATH = 'bc62157e-3e33-4fec-9920-2d3b36d750df';
const LOAD_FILE_2 = '4006c0c1-fcb3-403e-996d-4a6c8724e06d';
const INITRD_MEDIA = '5568e427-68fc-4f3d-ac74-ca555231cc68';
const TEXT_INPUT = '387477c1-69c7-11d2-8e39-00a0c969723b';
const TEXT_OUTPUT = '387477c2-69c7-11d2-8e39-00a0c969723b';
const RNG = '3152bca5-eade-433d-862e-c01cdc291f44';
const GRAPHICS_OUTPUT = '9042a9de-23dc-4a38-96fb-7aded080516a';
const VARIABLE_VENDOR = '12345678-1234-1234-1234-123456789abc';

const LOAD_ERROR = error(1);
const INVALID_PARAMETER = error(2);
const UNSUPPORTED = error(3);
const BUFFER_TOO_SMALL = error(5);
const NOT_READY = error(6);
const OUT_OF_RESOURCES = error(9);

/** Boot services that are guest code: Stall, CalculateCrc32, CopyMem and SetMem. */
const GUEST_CODE = [28, 40, 41, 42];
const NOT_FOUND = error(14);

/** CRC-32 of a table with its own field as 0, bit by bit. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  bytes.forEach((byte, index) => {
    crc ^= index >= 16 && index < 20 ? 0 : byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  });
  return ~crc >>> 0;
}

function expectChecksum(guest: EfiGuest, table: number): void {
  expect(guest.u32(table + 16)).toBe(checksum(guest.memory.read(table, guest.u32(table + 12))));
}

describe('tables', () => {
  it('have signatures, sizes and checksums', () => {
    const guest = new EfiGuest();
    const text = (address: bigint | number) =>
      new TextDecoder().decode(guest.memory.read(Number(address), 8));
    expect(text(guest.systemTable)).toBe('IBI SYST');
    expect(text(guest.u64(guest.systemTable + 88))).toBe('RUNTSERV');
    expect(text(guest.u64(guest.systemTable + 96))).toBe('BOOTSERV');
    expectChecksum(guest, guest.systemTable);
    expectChecksum(guest, Number(guest.u64(guest.systemTable + 88)));
    expectChecksum(guest, Number(guest.u64(guest.systemTable + 96)));
    expect(guest.u32(guest.u64(guest.systemTable + 96) + 12n)).toBe(24 + 44 * 8);
    expect(guest.u32(guest.u64(guest.systemTable + 88) + 12n)).toBe(24 + 14 * 8);
  });

  it('lead to ACPI and SMBIOS; the guest can add its own', () => {
    const guest = new EfiGuest();
    const count = guest.u64(guest.systemTable + 104);
    const tables = () => {
      const at = guest.u64(guest.systemTable + 112);
      return Array.from({ length: Number(guest.u64(guest.systemTable + 104)) }, (_, index) => [
        guest.u32(at + BigInt(index * 24)).toString(16),
        guest.u64(at + BigInt(index * 24 + 16)),
      ]);
    };
    expect(tables()).toContainEqual(['8868e871', 0xf0000n]);
    expect(tables()).toContainEqual(['f2fd1544', 0xf0040n]);
    expect(guest.boot(21, guest.guid(VARIABLE_VENDOR), 0x1234)).toBe(0n);
    expect(tables()).toContainEqual(['12345678', 0x1234n]);
    expectChecksum(guest, guest.systemTable);
    expect(guest.boot(21, guest.guid(VARIABLE_VENDOR), 0)).toBe(0n);
    expect(guest.u64(guest.systemTable + 104)).toBe(count);
    expect(guest.boot(21, guest.guid(VARIABLE_VENDOR), 0)).toBe(NOT_FOUND);
  });
});

describe('memory services', () => {
  it('allocate by address, below a limit and anywhere', () => {
    const guest = new EfiGuest();
    const at = guest.number(0x200000);
    expect(guest.boot(2, 2, 2, 3, at)).toBe(0n);
    expect(guest.boot(2, 2, 2, 1, guest.number(0x202000))).toBe(NOT_FOUND);
    const below = guest.number(0x1fffff);
    expect(guest.boot(2, 1, 2, 1, below)).toBe(0n);
    expect(guest.u64(below)).toBe(0x1ff000n);
    const anywhere = guest.number(0);
    expect(guest.boot(2, 0, 2, 1, anywhere)).toBe(0n);
    expect(guest.u64(anywhere)).toBeGreaterThan(0x3000000n);
    expect(guest.boot(3, 0x200000, 3)).toBe(0n);
    expect(guest.boot(3, 0x200000, 3)).toBe(NOT_FOUND);
    expect(guest.boot(2, 3, 2, 1, anywhere)).toBe(INVALID_PARAMETER);
    // Conventional memory is what is not allocated.
    expect(guest.boot(2, 0, 7, 1, anywhere)).toBe(INVALID_PARAMETER);
  });

  it('give pool that can be given back once', () => {
    const guest = new EfiGuest();
    const result = guest.number(0);
    expect(guest.boot(5, 2, 100, result)).toBe(0n);
    expect(guest.boot(6, guest.u64(result))).toBe(0n);
    expect(guest.boot(6, guest.u64(result))).toBe(INVALID_PARAMETER);
  });

  it('tell the memory map, and ExitBootServices takes only its newest key', () => {
    const guest = new EfiGuest();
    const size = guest.number(0);
    const [key, descriptorSize, version] = [guest.number(0), guest.number(0), guest.number(0)];
    expect(guest.boot(4, size, 0, key, descriptorSize, version)).toBe(BUFFER_TOO_SMALL);
    const map = guest.room(Number(guest.u64(size)));
    expect(guest.boot(4, size, map, key, descriptorSize, version)).toBe(0n);
    expect([guest.u64(descriptorSize), guest.u32(version)]).toEqual([48n, 1]);
    expect(guest.boot(5, 2, 100, guest.number(0))).toBe(0n);
    expect(guest.boot(26, guest.imageHandle, guest.u64(key))).toBe(INVALID_PARAMETER);
    expect(guest.boot(4, size, map, key, descriptorSize, version)).toBe(BUFFER_TOO_SMALL);
    const larger = guest.room(Number(guest.u64(size)));
    expect(guest.boot(4, size, larger, key, descriptorSize, version)).toBe(0n);
    expect(guest.boot(26, guest.imageHandle, guest.u64(key))).toBe(0n);
    expect(guest.u64(guest.systemTable + 96)).toBe(0n);
    expectChecksum(guest, guest.systemTable);
  });
});

describe('protocols', () => {
  it('tell the image where it is and its options', () => {
    const guest = new EfiGuest({ commandLine: 'quiet é' });
    const result = guest.room(8);
    expect(guest.boot(16, guest.imageHandle, guest.guid(LOADED_IMAGE), result)).toBe(0n);
    const image = guest.u64(result);
    const base = guest.u64(image + 64n);
    expect(BigInt(guest.start.rip)).toBe(base + 0x1000n);
    expect(guest.u64(image + 72n)).toBe(0x2000n);
    const size = guest.u32(image + 48n);
    const options = new Uint16Array(guest.read(guest.u64(image + 56n), size).slice().buffer);
    expect(String.fromCharCode(...options)).toBe('quiet é\0');
    // Where it comes from: a name of 12 characters with its end, and in front of that the device.
    const name = [...Buffer.from('\\kernel.efi\0', 'utf16le')];
    const file = [4, 4, 28, 0, ...name, 0x7f, 0xff, 4, 0];
    expect([...guest.read(guest.u64(image + 32n), 32)]).toEqual(file);
    const whole = guest.room(8);
    expect(guest.boot(16, guest.imageHandle, guest.guid(LOADED_IMAGE_DEVICE_PATH), whole)).toBe(0n);
    expect([...guest.read(guest.u64(whole) + 20n, 32)]).toEqual(file);
    expect(guest.boot(16, guest.imageHandle, guest.guid(RNG), result)).toBe(UNSUPPORTED);
    expect(guest.boot(16, 0x77, guest.guid(RNG), result)).toBe(INVALID_PARAMETER);
  });

  it('hand over the initramfs as a file of Linux media', () => {
    const initrd = Uint8Array.of(1, 2, 3, 4, 5);
    const guest = new EfiGuest({ initrd });
    const path = guest.place(
      Uint8Array.of(4, 3, 20, 0, ...guest.read(guest.guid(INITRD_MEDIA), 16), 0x7f, 0xff, 4, 0),
    );
    const pointer = guest.number(path);
    const device = guest.number(0);
    expect(guest.boot(20, guest.guid(LOAD_FILE_2), pointer, device)).toBe(0n);
    expect(guest.u64(pointer)).toBe(path + 20n);
    const result = guest.room(8);
    expect(guest.boot(16, guest.u64(device), guest.guid(LOAD_FILE_2), result)).toBe(0n);
    const size = guest.number(0);
    expect(guest.method(guest.u64(result), 0, path, 0, size, 0)).toBe(BUFFER_TOO_SMALL);
    expect(guest.u64(size)).toBe(5n);
    const buffer = guest.room(5);
    expect(guest.method(guest.u64(result), 0, path, 0, size, buffer)).toBe(0n);
    expect(guest.read(buffer, 5)).toEqual(initrd);
    expect(guest.method(guest.u64(result), 0, path, 1, size, buffer)).toBe(UNSUPPORTED);
  });

  it('hand over a large one in pieces', () => {
    const initrd = new Uint8Array(2.5 * 2 ** 20).fill(0xee);
    const guest = new EfiGuest({ initrd });
    const [size, target] = [guest.number(initrd.length), 0x200000];
    guest.method(guest.locate(LOAD_FILE_2), 0, guest.place(Uint8Array.of(0x7f, 0xff, 4, 0)), 0, size, target);
    expect(guest.memory.bytes[target + 2 ** 20]).toBe(0);
    expect(guest.goOn()).toEqual({ times: 2, status: 0n });
    expect(Buffer.compare(guest.memory.read(target, initrd.length), initrd)).toBe(0);
    expect(guest.memory.bytes[target + initrd.length]).toBe(0);
  });

  it('have no such file without an initramfs', () => {
    const guest = new EfiGuest();
    expect(() => guest.locate(LOAD_FILE_2)).toThrow();
  });

  it('are installed, found and taken away', () => {
    const guest = new EfiGuest();
    const handle = guest.number(0);
    const protocol = guest.guid(VARIABLE_VENDOR);
    expect(guest.boot(38, handle, protocol, 0x1234, guest.guid(RNG), 0x5678, 0)).toBe(0n);
    expect(guest.boot(13, handle, protocol, 0, 0x9999)).toBe(INVALID_PARAMETER);
    expect(guest.locate(VARIABLE_VENDOR)).toBe(0x1234n);
    const size = guest.number(0);
    expect(guest.boot(19, 2, protocol, 0, size, 0)).toBe(BUFFER_TOO_SMALL);
    expect(guest.u64(size)).toBe(8n);
    const list = guest.room(8);
    expect(guest.boot(19, 2, protocol, 0, size, list)).toBe(0n);
    expect(guest.u64(list)).toBe(guest.u64(handle));
    const [count, buffer] = [guest.number(0), guest.number(0)];
    expect(guest.boot(36, 2, guest.guid(RNG), 0, count, buffer)).toBe(0n);
    expect(guest.u64(count)).toBe(2n);
    expect(guest.boot(14, guest.u64(handle), protocol, 0x1234, 0x4321)).toBe(0n);
    expect(guest.locate(VARIABLE_VENDOR)).toBe(0x4321n);
    expect(guest.boot(15, guest.u64(handle), protocol, 0x1234)).toBe(NOT_FOUND);
    expect(guest.boot(39, guest.u64(handle), protocol, 0x4321, guest.guid(RNG), 0x5678, 0)).toBe(0n);
    expect(guest.boot(16, guest.u64(handle), protocol, list)).toBe(INVALID_PARAMETER);
  });

  it('give random bytes', () => {
    const guest = new EfiGuest({ hardware: { random: () => 0xabcdef12 } });
    const buffer = guest.room(4);
    expect(guest.method(guest.locate(RNG), 1, 0, 3, buffer)).toBe(0n);
    expect([...guest.read(buffer, 4)]).toEqual([0x12, 0x12, 0x12, 0]);
    expect(guest.method(guest.locate(RNG), 1, guest.guid(DEVICE_PATH), 3, buffer)).toBe(UNSUPPORTED);
    guest.method(guest.locate(RNG), 1, 0, 0x2_0001, 0x200000);
    expect(guest.memory.bytes[0x21_0000]).toBe(0);
    expect(guest.goOn()).toEqual({ times: 2, status: 0n });
    expect([...guest.memory.read(0x22_0000, 2)]).toEqual([0x12, 0]);
  });
});

describe('the console', () => {
  it('writes UTF-8 and escape sequences to the serial port, and keeps the cursor', () => {
    const guest = new EfiGuest();
    const output = guest.locate(TEXT_OUTPUT);
    expect(guest.method(output, 1, guest.text('Aé\r\nxyz'))).toBe(0n);
    expect(guest.output).toBe('A\xc3\xa9\r\nxyz');
    const mode = guest.u64(output + 72n);
    expect([guest.u32(mode + 12n), guest.u32(mode + 16n)]).toEqual([3, 1]);
    guest.output = '';
    guest.method(output, 7, 4, 2);
    guest.method(output, 5, 0x1f);
    guest.method(output, 6);
    expect(guest.output).toBe('\x1b[3;5H\x1b[0;97;44m\x1b[2J\x1b[H');
    expect(guest.method(output, 7, 80, 0)).toBe(UNSUPPORTED);
    const [columns, rows] = [guest.number(0), guest.number(0)];
    expect(guest.method(output, 3, 0, columns, rows)).toBe(0n);
    expect([guest.u64(columns), guest.u64(rows)]).toEqual([80n, 25n]);
  });

  it('reads keys, and its event tells of them', () => {
    const guest = new EfiGuest();
    const input = guest.locate(TEXT_INPUT);
    const event = guest.u64(input + 16n);
    const key = guest.room(4);
    expect(guest.method(input, 1, key)).toBe(NOT_READY);
    expect(guest.boot(12, event)).toBe(NOT_READY);
    guest.input = [...'a\x1b[A\x7f\x1b'].map((character) => character.charCodeAt(0));
    expect(guest.boot(12, event)).toBe(0n);
    const keys = Array.from({ length: 4 }, () => {
      expect(guest.method(input, 1, key)).toBe(0n);
      return [guest.u32(key) & 0xffff, guest.u32(key) >>> 16];
    });
    expect(keys).toEqual([
      [0, 0x61],
      [1, 0],
      [0, 8],
      [0x17, 0],
    ]);
  });
});

describe('graphics', () => {
  const WIDTH = 640;
  const HEIGHT = 480;

  function screen() {
    const guest = new EfiGuest();
    const graphics = guest.locate(GRAPHICS_OUTPUT);
    const mode = guest.u64(graphics + 24n);
    const base = Number(guest.u64(mode + 24n));
    const blt = (...args: (bigint | number)[]) => guest.method(graphics, 2, ...args);
    const pixel = (x: number, y: number) => guest.u32(base + (y * WIDTH + x) * 4);
    return { guest, graphics, mode, base, blt, pixel };
  }

  it('has one mode, and its frame buffer is memory that stays reserved', () => {
    const { guest, graphics, mode, base } = screen();
    expect([guest.u32(mode), guest.u32(mode + 4n)]).toEqual([1, 0]);
    expect(Number(guest.u64(mode + 32n))).toBe(WIDTH * HEIGHT * 4);
    const [size, information] = [guest.number(0), guest.number(0)];
    expect(guest.method(graphics, 0, 0, size, information)).toBe(0n);
    const fields = [4, 8, 12, 32].map((at) => guest.u32(guest.u64(information) + BigInt(at)));
    expect([guest.u64(size), ...fields]).toEqual([36n, WIDTH, HEIGHT, 1, WIDTH]);
    // The caller gives it back.
    expect(guest.boot(6, guest.u64(information))).toBe(0n);
    expect(guest.method(graphics, 0, 1, size, information)).toBe(INVALID_PARAMETER);
    expect(guest.method(graphics, 1, 1)).toBe(UNSUPPORTED);
    guest.memory.bytes.fill(1, base, base + 100);
    expect(guest.method(graphics, 1, 0)).toBe(0n);
    expect(guest.memory.bytes[base + 99]).toBe(0);
    const [mapSize, map] = [guest.number(4096), guest.room(4096)];
    guest.boot(4, mapSize, map, guest.number(0), guest.number(0), guest.number(0));
    const starts = Array.from({ length: Number(guest.u64(mapSize)) / 48 }, (_, index) => [
      guest.u32(map + BigInt(index * 48)),
      Number(guest.u64(map + BigInt(index * 48 + 8))),
    ]);
    expect(starts).toContainEqual([0, base]);
  });

  it('fills, and copies between the screen and a buffer', () => {
    const { guest, blt, pixel } = screen();
    const buffer = guest.place(Uint8Array.of(1, 2, 3, 0, ...new Array(60).fill(0)));
    expect(blt(buffer, 0, 0, 0, 10, 20, 3, 2, 0)).toBe(0n);
    expect([pixel(9, 20), pixel(10, 20), pixel(12, 21), pixel(13, 21), pixel(10, 22)]).toEqual([
      0, 0x30201, 0x30201, 0, 0,
    ]);
    // Within the screen, where both overlap.
    expect(blt(buffer, 3, 10, 20, 11, 21, 3, 2, 0)).toBe(0n);
    expect([pixel(13, 22), pixel(11, 22), pixel(13, 20)]).toEqual([0x30201, 0x30201, 0]);
    // From the screen to (1, 1) of a buffer with rows of 16 bytes, and back to the screen's last corner.
    expect(blt(buffer, 1, 12, 21, 1, 1, 2, 1, 16)).toBe(0n);
    expect([4, 20, 24].map((at) => guest.u32(buffer + BigInt(at)))).toEqual([0, 0x30201, 0x30201]);
    expect(blt(buffer, 2, 1, 1, 639, 479, 1, 1, 16)).toBe(0n);
    expect(pixel(639, 479)).toBe(0x30201);
  });

  it('draws nothing outside', () => {
    const { guest, blt } = screen();
    const buffer = guest.room(16);
    for (const args of [
      [0, 0, 0, 639, 0, 2, 1],
      [2, 0, 0, 0, 479, 1, 2],
      [1, 640, 0, 0, 0, 1, 1],
      [3, 0, 480, 0, 0, 1, 1],
      [0, 0, 0, 0, 0, 0, 1],
      [4, 0, 0, 0, 0, 1, 1],
      [0, 0, 0, 2 ** 52, 0, 1, 1],
    ])
      expect(blt(buffer, ...args, 0)).toBe(INVALID_PARAMETER);
  });
});

describe('events', () => {
  it('are signalled by timers', () => {
    const guest = new EfiGuest();
    const event = guest.number(0);
    expect(guest.boot(7, 0x80000000, 8, 0, 0, event)).toBe(0n);
    const handle = guest.u64(event);
    // 1 ms in units of 100 ns, once.
    expect(guest.boot(8, handle, 2, 10000)).toBe(0n);
    expect(guest.boot(12, handle)).toBe(NOT_READY);
    guest.time = 1_000_000;
    expect(guest.boot(12, handle)).toBe(0n);
    expect(guest.boot(12, handle)).toBe(NOT_READY);
    expect(guest.boot(8, handle, 1, 10000)).toBe(0n);
    guest.time = 2_000_000;
    expect(guest.boot(12, handle)).toBe(0n);
    guest.time = 3_000_000;
    expect(guest.boot(12, handle)).toBe(0n);
    expect(guest.boot(11, handle)).toBe(0n);
    expect(guest.boot(12, handle)).toBe(INVALID_PARAMETER);
  });

  it('are waited for by calling again', () => {
    const guest = new EfiGuest();
    const event = guest.number(0);
    guest.boot(7, 0x80000000, 8, 0, 0, event);
    const index = guest.number(7);
    const stub = guest.u64(guest.u64(guest.systemTable + 96) + BigInt(24 + 9 * 8));
    guest.boot(9, 1, event, index);
    expect(guest.register('sp')).toBe(0x40000n - 8n);
    expect(guest.u64(guest.register('sp'))).toBe(stub);
    expect(guest.boot(10, guest.u64(event))).toBe(0n);
    expect(guest.boot(9, 1, event, index)).toBe(0n);
    expect(guest.u64(index)).toBe(0n);
  });

  it('call what they notify', () => {
    const guest = new EfiGuest();
    const event = guest.number(0);
    guest.boot(7, 0x200, 8, 0x123456, 0x777, event);
    guest.boot(10, guest.u64(event));
    const stack = guest.register('sp');
    expect(stack % 16n).toBe(8n);
    expect(guest.u64(stack)).toBe(0x123456n);
    expect([guest.register('cx'), guest.register('dx')]).toEqual([guest.u64(event), 0x777n]);
    // The function returns to a stub: mov rcx, rax; mov al, number; out 0b2h, al; ret
    const code = guest.read(guest.u64(stack + 8n), 8);
    expect([...code.subarray(0, 4), code[5], code[6], code[7]]).toEqual([
      0x48, 0x89, 0xc1, 0xb0, 0xe6, 0xb2, 0xc3,
    ]);
    guest.start.firmware?.call(code[4] as number, guest);
    expect(guest.register('sp')).toBe(0x40000n);
    expect(guest.register('ax')).toBe(0n);
  });
});

describe('runtime services', () => {
  const set = (guest: EfiGuest, name: string, attributes: number, data: number[]): bigint =>
    guest.runtime(
      8,
      guest.text(name),
      guest.guid(VARIABLE_VENDOR),
      attributes,
      data.length,
      guest.place(Uint8Array.from(data)),
    );
  const get = (guest: EfiGuest, name: string) => {
    const [attributes, size, buffer] = [guest.number(0), guest.number(64), guest.room(64)];
    const status = guest.runtime(6, guest.text(name), guest.guid(VARIABLE_VENDOR), attributes, size, buffer);
    return {
      status,
      attributes: guest.u32(attributes),
      data: [...guest.read(buffer, Number(guest.u64(size)) % 64)],
    };
  };

  it('keep variables', () => {
    const nonVolatile = new Map<string, Uint8Array>();
    const guest = new EfiGuest({ hardware: { nonVolatile } });
    expect(get(guest, 'A').status).toBe(NOT_FOUND);
    expect(set(guest, 'A', 7, [1, 2, 3])).toBe(0n);
    expect(set(guest, 'B', 6, [9])).toBe(0n);
    expect(get(guest, 'A')).toEqual({ status: 0n, attributes: 7, data: [1, 2, 3] });
    expect(set(guest, 'A', 0x47, [4])).toBe(0n);
    expect(get(guest, 'A').data).toEqual([1, 2, 3, 4]);
    expect(set(guest, 'A', 6, [5])).toBe(INVALID_PARAMETER);
    expect(set(guest, 'C', 4, [5])).toBe(INVALID_PARAMETER);
    expect(set(guest, 'C', 0x27, [5])).toBe(UNSUPPORTED);
    const again = new EfiGuest({ hardware: { nonVolatile } });
    expect(get(again, 'A').data).toEqual([1, 2, 3, 4]);
    expect(get(again, 'B').status).toBe(NOT_FOUND);
    expect(set(again, 'A', 7, [])).toBe(0n);
    expect(nonVolatile.size).toBe(0);
    expect(set(again, 'A', 7, [])).toBe(NOT_FOUND);
  });

  it('list variables', () => {
    const guest = new EfiGuest();
    set(guest, 'First', 7, [1]);
    set(guest, 'Second', 6, [2]);
    const [size, name, vendor] = [guest.number(4), guest.room(64), guest.room(16)];
    expect(guest.runtime(7, size, name, vendor)).toBe(BUFFER_TOO_SMALL);
    const names: string[] = [];
    for (;;) {
      guest.write(size, Uint8Array.of(64, 0, 0, 0, 0, 0, 0, 0));
      const status = guest.runtime(7, size, name, vendor);
      if (status !== 0n) {
        expect(status).toBe(NOT_FOUND);
        break;
      }
      const text = new Uint16Array(guest.read(name, Number(guest.u64(size))).slice().buffer);
      names.push(String.fromCharCode(...text));
    }
    expect(names).toEqual(['First\0', 'Second\0']);
  });

  it('hide variables of boot services afterwards', () => {
    const guest = new EfiGuest();
    set(guest, 'Early', 3, [1]);
    set(guest, 'Late', 7, [1]);
    const [size, key] = [guest.number(4096), guest.number(0)];
    expect(guest.boot(4, size, guest.room(4096), key, guest.number(0), guest.number(0))).toBe(0n);
    expect(guest.boot(26, guest.imageHandle, guest.u64(key))).toBe(0n);
    expect(get(guest, 'Early').status).toBe(NOT_FOUND);
    expect(get(guest, 'Late').status).toBe(0n);
  });

  it('read the clock, in BCD and twelve hours too', () => {
    const cmos: Record<number, number> = {
      0: 0x56,
      2: 0x34,
      4: 0x92,
      7: 0x31,
      8: 0x12,
      9: 0x26,
      11: 0,
      50: 0x20,
    };
    let index = 0;
    const guest = new EfiGuest({
      hardware: {
        writePort: (port, _size, value) => {
          if (port === 0x70) index = value;
        },
        readPort: (port) => (port === 0x71 ? (cmos[index] ?? 0) : 0),
      },
    });
    const time = guest.room(16);
    expect(guest.runtime(0, time, 0)).toBe(0n);
    const view = new DataView(guest.read(time, 16).slice().buffer);
    expect(view.getUint16(0, true)).toBe(2026);
    expect([2, 3, 4, 5, 6].map((at) => view.getUint8(at))).toEqual([12, 31, 12, 34, 56]);
    expect(view.getInt16(12, true)).toBe(0x7ff);
    expect(guest.runtime(0, 0, 0)).toBe(INVALID_PARAMETER);
  });

  it('reset by the chipset', () => {
    const guest = new EfiGuest();
    guest.runtime(10, 2, 0, 0, 0);
    guest.runtime(10, 0, 0, 0, 0);
    expect(guest.ports).toEqual(['604 2000', 'cf9 6']);
  });

  it('move to virtual addresses once', () => {
    const guest = new EfiGuest();
    const [size, key, map] = [guest.number(4096), guest.number(0), guest.room(4096)];
    guest.boot(4, size, map, key, guest.number(0), guest.number(0));
    const length = Number(guest.u64(size));
    const offset = 0xffff_fff0_0000_0000n;
    for (let at = 0; at < length; at += 48) {
      const entry = Number(map) + at;
      guest.view.setBigUint64(entry + 16, guest.u64(entry + 8) + offset, true);
    }
    const services = Number(guest.u64(guest.systemTable + 88));
    const before = Array.from({ length: 14 }, (_, index) => guest.u64(services + 24 + index * 8));
    const stub = guest.u64(services + 24 + 4 * 8);
    expect(guest.call(stub, 48, 48, 1, map)).toBe(NOT_FOUND);
    expect(guest.call(stub, length, 48, 1, map)).toBe(0n);
    const after = Array.from({ length: 14 }, (_, index) => guest.u64(services + 24 + index * 8));
    expect(after).toEqual(before.map((pointer) => pointer + offset));
    expect(guest.u64(guest.systemTable + 88)).toBe(BigInt(services) + offset);
    expectChecksum(guest, services);
    expectChecksum(guest, guest.systemTable);
    expect(guest.call(stub, length, 48, 1, map)).toBe(UNSUPPORTED);
  });
});

describe('what a guest asks for without end', () => {
  /** Calls until the answer is another than success. Returns that, and how often it was success. */
  const untilRefused = (call: () => bigint): [bigint, number] => {
    for (let count = 0; count < 100_000; count++) {
      const status = call();
      if (status !== 0n) return [status, count];
    }
    throw new Error('never refused');
  };

  it.each([
    ['handles', 1024, (guest: EfiGuest) => guest.boot(13, guest.number(0), guest.guid(RNG), 0, 1)],
    ['events', 1024, (guest: EfiGuest) => guest.boot(7, 0, 4, 0, 0, guest.number(0))],
  ])('%s are refused when there are %d', (_what, most, call) => {
    const guest = new EfiGuest();
    const [status, count] = untilRefused(() => {
      guest.freeRoom();
      return call(guest);
    });
    expect(status).toBe(OUT_OF_RESOURCES);
    // The firmware has some of its own.
    expect(count).toBeLessThan(most);
    expect(count).toBeGreaterThan(most - 20);
  });

  it('pieces of the memory map are refused when there are 4096', () => {
    const guest = new EfiGuest();
    const place = guest.number(0);
    let type = 1;
    const [status, count] = untilRefused(() => {
      type = 3 - type;
      return guest.boot(2, 0, type, 1, place);
    });
    expect([status, count > 4000]).toEqual([OUT_OF_RESOURCES, true]);
  });

  it('protocols of a handle, and functions that do not return', () => {
    const guest = new EfiGuest();
    const handle = 0x100000n;
    let number = 0;
    const [status, count] = untilRefused(() => {
      guest.freeRoom();
      const vendor = `${String(number++).padStart(8, '0')}-0000-0000-0000-000000000000`;
      return guest.boot(13, handle, guest.guid(vendor), 0, 1);
    });
    expect([status, count]).toEqual([OUT_OF_RESOURCES, 64]);
    const event = guest.number(0);
    const signal = (): bigint => {
      guest.boot(7, 0x200, 8, 0x1234, 0, event);
      guest.registers.set('ax', 0n);
      const result = guest.boot(10, guest.u64(event));
      return result;
    };
    expect(untilRefused(signal)).toEqual([OUT_OF_RESOURCES, 256]);
  });

  it('an image is loaded in pieces, and leaves nothing behind if it is none', () => {
    const guest = new EfiGuest();
    const load = (file: Uint8Array) => {
      guest.memory.bytes.set(file, 0x200000);
      const result = guest.number(0);
      guest.boot(22, 0, guest.imageHandle, 0, 0x200000, file.length, result);
      return { ...guest.goOn(), handle: guest.u64(result) };
    };
    const map = () => {
      const [size, buffer] = [guest.number(4096), guest.room(4096)];
      expect(guest.boot(4, size, buffer, guest.number(0), guest.number(0), guest.number(0))).toBe(0n);
      return [...guest.read(buffer, Number(guest.u64(size)))];
    };
    const before = map();
    const large = makePe({ code: new Uint8Array(3 * 2 ** 20) });
    const loaded = load(large);
    expect(loaded.status).toBe(0n);
    // Four pieces of the file, and the headers and three pieces of code.
    expect(loaded.times).toBeGreaterThan(7);
    expect(guest.boot(25, loaded.handle)).toBe(0n);
    expect(map()).toEqual(before);
    const damaged = makePe({ relocations: [0] });
    damaged[damaged.length - 1] = 0x30;
    expect(load(damaged).status).toBe(LOAD_ERROR);
    expect(map()).toEqual(before);
    expect(guest.boot(22, 0, guest.imageHandle, 0, 0x200000, 2 ** 30, guest.number(0))).toBe(
      OUT_OF_RESOURCES,
    );
  });

  it('a memory map and a variable that are larger than any', () => {
    const guest = new EfiGuest();
    expect(guest.runtime(4, 48 * 100_000, 48, 1, 0x200000)).toBe(INVALID_PARAMETER);
    const [name, vendor] = [guest.text('A'), guest.guid(VARIABLE_VENDOR)];
    expect(guest.runtime(8, name, vendor, 7, 0x100_0000, 0x200000)).toBe(OUT_OF_RESOURCES);
  });
});

describe('bad calls', () => {
  it('are answered, whatever they point to', () => {
    const guest = new EfiGuest();
    const values = [0n, 1n, 1n << 40n, 1n << 52n, 1n << 60n, (1n << 64n) - 1n];
    for (let index = 0; index < 44; index++) {
      // 17 is reserved.
      if (index === 17 || GUEST_CODE.includes(index)) continue;
      for (const value of values) {
        expect(() => guest.boot(index, value, value, value, value, value, value)).not.toThrow();
      }
    }
    for (let index = 0; index < 14; index++) {
      for (const value of values) {
        expect(() => guest.runtime(index, value, value, value, value, value)).not.toThrow();
      }
    }
  });
});
