/** Any registers, any memory: the BIOS answers something, and throws nothing. */
import { expect, test } from 'vitest';
import { installBios } from '../../../src/boot/bios/bios.ts';
import { buildE820 } from '../../../src/boot/e820.ts';
import { BadAddress, type Caller } from '../../../src/boot/firmware.ts';
import type { RegisterName } from '../../../src/boot/start-state.ts';
import { FlatMemory, NO_HARDWARE } from '../guest-fixtures.ts';

const SIZE = 2 * 2 ** 20;
const CALLS = 5000;
const SERVICES = [0x08, 0x10, 0x11, 0x12, 0x13, 0x15, 0x16, 0x1a, 0x53, 0x77];

/** Numbers from 0 up to and without 1, always the same (Park and Miller's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

test('a BIOS that is called with anything answers', () => {
  const random = randomNumbers(1);
  const word = (): number => Math.floor(random() * 0x1_0000);
  const memory = new FlatMemory(SIZE);
  const e820 = buildE820(SIZE);
  // A key is always waiting, and no character of it is the last.
  const hardware = { ...NO_HARDWARE, now: () => 1e9, readPort: () => (random() < 0.5 ? 1 : 0) };
  const bios = installBios(memory, {
    kernel: new Uint8Array(0),
    modules: [],
    commandLine: '',
    e820,
    rsdpAddress: 0,
    hardware,
  });
  let answers = 0;
  for (let count = 0; count < CALLS; count++) {
    const registers = new Map<RegisterName, bigint>();
    const base = BigInt(random() < 0.9 ? word() * 16 : word() * 0x1_0000);
    const check = (address: bigint, length: number): number => {
      if (address < 0n || address + BigInt(length) > BigInt(SIZE)) throw new BadAddress('not RAM');
      return Number(address);
    };
    const caller: Caller = {
      register: (name) => registers.get(name) ?? 0n,
      setRegister: (name, value) => registers.set(name, value),
      segmentBase: () => base,
      read: (address, length) => memory.read(check(address, length), length),
      write: (address, bytes) => memory.write(check(address, bytes.length), bytes),
    };
    for (const name of ['bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp'] as const) {
      registers.set(name, BigInt(word()) | (BigInt(random() < 0.2 ? word() : 0) << 16n));
    }
    const service = SERVICES[Math.floor(random() * SERVICES.length)] as number;
    const stack = base + ((registers.get('sp') ?? 0n) & 0xffffn);
    const known = [0x00, 0x02, 0x06, 0x09, 0x0e, 0x13, 0x24, 0x53, 0x86, 0x87, 0xe8];
    const ah = random() < 0.8 ? (known[Math.floor(random() * known.length)] as number) : word() & 0xff;
    if (stack < BigInt(SIZE - 2))
      memory.write(Number(stack), Uint8Array.of(random() < 0.3 ? 0x20 : word(), ah));
    const before = [...registers.values()].join();
    bios.call(service, caller);
    if ([...registers.values()].join() !== before) answers += 1;
    // The vectors and entry points are the guest's to destroy; the services do not need them.
    if (random() < 0.01)
      memory.write(
        0x400,
        Uint8Array.from({ length: 256 }, () => word()),
      );
  }
  expect(answers).toBeGreaterThan(CALLS / 50);
});
