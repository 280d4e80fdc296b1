/** An EFI application as a test plays it: it finds the tables where its registers say, and calls what they point to. */
import { buildE820 } from '../../../src/boot/e820.ts';
import { efi } from '../../../src/boot/efi/efi.ts';
import { encodeGuid } from '../../../src/boot/efi/guid.ts';
import { BadAddress, type Caller, type Hardware } from '../../../src/boot/firmware.ts';
import type { RegisterName } from '../../../src/boot/start-state.ts';
import { FlatMemory, NO_HARDWARE } from '../guest-fixtures.ts';
import { makePe } from './pe-fixtures.ts';

const MIB = 2 ** 20;
/** Where the test keeps what it hands over: in conventional memory that nothing was allocated from. */
const SCRATCH = 0x10000;
const STACK = 0x40000;

export const error = (code: number): bigint => (1n << 63n) | BigInt(code);

interface GuestOptions {
  readonly initrd?: Uint8Array;
  readonly commandLine?: string;
  readonly hardware?: Partial<Hardware>;
}

export class EfiGuest implements Caller {
  readonly memory = new FlatMemory(64 * MIB);
  readonly view: DataView;
  readonly registers = new Map<RegisterName, bigint>();
  readonly start: ReturnType<typeof efi.load>;
  /** What firmware wrote to COM1. */
  output = '';
  /** What COM1 has for the firmware. */
  input: number[] = [];
  readonly ports: string[] = [];
  time = 0;
  private scratch = SCRATCH;

  constructor({ initrd, commandLine = '', hardware = {} }: GuestOptions = {}) {
    this.view = new DataView(this.memory.bytes.buffer);
    this.start = efi.load(this.memory, {
      kernel: makePe(),
      modules: initrd === undefined ? [] : [{ data: initrd }],
      commandLine,
      e820: buildE820(64 * MIB),
      rsdpAddress: 0xf0000,
      hardware: {
        ...NO_HARDWARE,
        readPort: (port) => {
          if (port === 0x3fd) return this.input.length > 0 ? 0x61 : 0x60;
          return port === 0x3f8 ? (this.input.shift() ?? 0) : 0;
        },
        writePort: (port, _size, value) => {
          if (port === 0x3f8) this.output += String.fromCharCode(value);
          else this.ports.push(`${port.toString(16)} ${value.toString(16)}`);
        },
        now: () => this.time,
        nonVolatile: new Map(),
        ...hardware,
      },
    });
  }

  register(name: RegisterName): bigint {
    return this.registers.get(name) ?? 0n;
  }

  setRegister(name: RegisterName, value: bigint): void {
    this.registers.set(name, value);
  }

  segmentBase(): bigint {
    return 0n;
  }

  read(address: bigint, length: number): Uint8Array {
    if (address + BigInt(length) > BigInt(this.memory.size)) throw new BadAddress('not RAM');
    return this.memory.read(Number(address), length);
  }

  write(address: bigint, bytes: Uint8Array): void {
    if (address + BigInt(bytes.length) > BigInt(this.memory.size)) throw new BadAddress('not RAM');
    this.memory.write(Number(address), bytes);
  }

  u64(address: number | bigint): bigint {
    return this.view.getBigUint64(Number(address), true);
  }

  u32(address: number | bigint): number {
    return this.view.getUint32(Number(address), true);
  }

  /** Room that no other call has given; zeros. */
  room(size: number): bigint {
    const address = this.scratch;
    this.scratch += Math.ceil(size / 16) * 16;
    return BigInt(address);
  }

  /** Takes back all that room() gave. */
  freeRoom(): void {
    this.scratch = SCRATCH;
  }

  /** Puts bytes somewhere. */
  place(bytes: Uint8Array): bigint {
    const address = this.room(bytes.length);
    this.write(address, bytes);
    return address;
  }

  number(value: bigint | number): bigint {
    const address = this.room(8);
    this.view.setBigUint64(Number(address), BigInt(value), true);
    return address;
  }

  guid(text: string): bigint {
    return this.place(encodeGuid(text));
  }

  text(text: string): bigint {
    return this.place(new Uint8Array(Uint16Array.from([...text, '\0'], (char) => char.charCodeAt(0)).buffer));
  }

  /** Calls a stub as guest code does: arguments in registers and on the stack. Returns RAX. */
  call(address: bigint, ...args: (bigint | number)[]): bigint {
    const code = this.memory.read(Number(address), 5);
    if (code[0] !== 0xb0 || code[2] !== 0xe6 || code[3] !== 0xb2) throw new Error('no stub of a service');
    const names: RegisterName[] = ['cx', 'dx', 'r8', 'r9'];
    for (const [index, name] of names.entries()) this.registers.set(name, BigInt(args[index] ?? 0));
    this.registers.set('sp', BigInt(STACK));
    args.slice(4).forEach((value, index) => {
      this.view.setBigUint64(STACK + 40 + index * 8, BigInt.asUintN(64, BigInt(value)), true);
    });
    this.start.firmware?.call(code[1] as number, this);
    return this.register('ax');
  }

  /** Follows the RET of a stub that has put another onto the stack. Returns how often, and RAX. */
  goOn(): { times: number; status: bigint } {
    let times = 0;
    for (; this.register('sp') < BigInt(STACK); times++) {
      const stub = this.u64(this.register('sp'));
      this.registers.set('sp', this.register('sp') + 8n);
      this.start.firmware?.call(this.memory.read(Number(stub), 2)[1] as number, this);
    }
    return { times, status: this.register('ax') };
  }

  get systemTable(): number {
    return this.start.registers.dx as number;
  }

  get imageHandle(): bigint {
    return BigInt(this.start.registers.cx as number);
  }

  /** A boot service by its place in the table. */
  boot(index: number, ...args: (bigint | number)[]): bigint {
    return this.call(this.u64(this.u64(this.systemTable + 96) + BigInt(24 + index * 8)), ...args);
  }

  runtime(index: number, ...args: (bigint | number)[]): bigint {
    return this.call(this.u64(this.u64(this.systemTable + 88) + BigInt(24 + index * 8)), ...args);
  }

  /** A function of a protocol by its place. */
  method(protocol: bigint, index: number, ...args: (bigint | number)[]): bigint {
    return this.call(this.u64(protocol + BigInt(index * 8)), protocol, ...args);
  }

  /** LocateProtocol. */
  locate(guid: string): bigint {
    const result = this.room(8);
    const status = this.boot(37, this.guid(guid), 0, result);
    if (status !== 0n) throw new Error(`there is no ${guid}`);
    return this.u64(result);
  }
}
