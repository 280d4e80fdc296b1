/** A guest in real mode that calls interrupts, each with the registers it is given, and what it got back. */
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makeBzImage } from '../boot/guest-fixtures.ts';

const REGISTERS = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
/** All but the stack pointer. */
const USED = REGISTERS.filter((name) => name !== 'esp');

type Values = { readonly [name in (typeof USED)[number] | 'es']: number };
export type Call = { readonly interrupt: number } & Partial<Values>;
export type Result = Values & { readonly carry: boolean; readonly zero: boolean };

/** The real-mode code is loaded here, and the code behind its header. */
export const SEGMENT = 0x1000;
const CODE = 0x26c;
/** In the segment: where `data` is, and where results go. */
export const DATA = 0x5000;
const RESULTS = 0x8000;
const RESULT_SIZE = 32;
const SETUP_SECTORS = 50;
const DEBUG_EXIT = 0xf4;

const u16 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value), ...u16(value >>> 16)];

/** Loads the registers, calls, and stores them with ES and FLAGS. */
function callCode(call: Call, result: number): number[] {
  const code: number[] = [];
  for (const name of USED) code.push(0x66, 0xb8 + REGISTERS.indexOf(name), ...u32(call[name] ?? 0));
  // push es; pop es; stc; int
  code.push(0x68, ...u16(call.es ?? SEGMENT), 0x07, 0xf9, 0xcd, call.interrupt);
  // pushf; push es
  code.push(0x9c, 0x06);
  USED.forEach((name, index) => {
    code.push(0x66, 0x89, (REGISTERS.indexOf(name) << 3) | 6, ...u16(result + 4 * index));
  });
  // pop [result + 28]; pop [result + 30]
  code.push(0x8f, 0x06, ...u16(result + 28), 0x8f, 0x06, ...u16(result + 30));
  return code;
}

/** mov al, 0; out 0f4h, al; hlt */
const END = [0xb0, 0, 0xe6, DEBUG_EXIT, 0xf4];

interface GuestOptions extends Partial<MachineOptions> {
  /** At DS:DATA. */
  readonly data?: readonly number[];
  /** Whether interrupts are on; they are by default. */
  readonly interrupts?: boolean;
  /** Code behind the calls, given its offset in the segment; by default it ends the machine. */
  readonly behind?: (offset: number) => readonly number[];
}

/** A machine that makes the calls once and ends. */
export async function realModeGuest(
  calls: readonly Call[],
  { data = [], interrupts = true, behind = () => END, ...options }: GuestOptions = {},
) {
  const kernel = makeBzImage({ setupSectors: SETUP_SECTORS });
  const sti = 0xfb;
  const cli = 0xfa;
  const code = [
    interrupts ? sti : cli,
    ...calls.flatMap((call, index) => callCode(call, RESULTS + index * RESULT_SIZE)),
  ];
  if (CODE + code.length > DATA) throw new Error('too many calls');
  kernel.set([...code, ...behind(CODE + code.length)], CODE);
  kernel.set(data, DATA);
  let output = '';
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel,
    entry: '16',
    memorySize: 64 * 2 ** 20,
    clock: 'instructions',
    tier: 'interpreter',
    debugExitPort: DEBUG_EXIT,
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString('latin1');
    },
    ...options,
  });
  const results = (): Result[] =>
    calls.map((_, index) => {
      const address = SEGMENT * 16 + RESULTS + index * RESULT_SIZE;
      const view = new DataView(machine.readMemory(address, RESULT_SIZE).buffer);
      const flags = view.getUint16(30, true);
      return {
        ...(Object.fromEntries(USED.map((name, at) => [name, view.getUint32(4 * at, true)])) as Values),
        es: view.getUint16(28, true),
        carry: (flags & 1) !== 0,
        zero: (flags & 0x40) !== 0,
      };
    });
  return { machine, results, output: () => output };
}

/** What the calls of one run give. */
export async function callInterrupts(
  calls: readonly Call[],
  options: Parameters<typeof realModeGuest>[1] = {},
): Promise<{ readonly results: readonly Result[]; readonly output: string; readonly machine: Machine }> {
  const { machine, results, output } = await realModeGuest(calls, options);
  const ending = await machine.run();
  await machine.close();
  if (ending.kind !== 'debug exit') throw new Error(`the guest ended: ${ending.kind}`);
  return { results: results(), output: output(), machine };
}
