/** What a machine is made from, checked: callers in JavaScript have no compiler to tell them. */
import { type BootModule, ENTRIES, type EntryName } from '../boot/door.ts';
import { checkImage, checkVariableStore } from '../boot/image/image.ts';
import { InputError } from '../boot/input-error.ts';
import { DEBUG_EXIT_PORT_COUNT } from '../boot/io-map.ts';
import { GIB, HIGH_RAM, LOW_RAM_LIMIT, MIB, PAGE_SIZE } from '../boot/memory-map.ts';
import type { Tier } from '../code-cache/tiering.ts';
import type { Host } from '../host/host.ts';
import { CHUNK_COUNT, CHUNK_SHIFT } from '../layout/linear-memory.ts';
import type { ClockKind } from './clock.ts';
import { type Cpu, chooseCpu, DEFAULT_CPU } from './cpu-models.ts';
import type { Stall } from './stall-watch.ts';

/** Bytes in any of JavaScript's containers; views count with their own part only. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** A file loaded beside the kernel: see BootModule. */
export type ModuleOption = Omit<BootModule, 'data'> & { readonly data: Bytes };

export interface MachineOptions {
  readonly host: Host;
  /** A file that one of the doors takes (boot/doors.ts); may be missing where there is a firmware image. */
  readonly kernel?: Bytes | undefined;
  /** The door; by default the first that takes the file. */
  readonly entry?: EntryName | undefined;
  /** A firmware image, 64 KiB to 16 MiB, which the processor starts in; it is handed the kernel. None by default. */
  readonly bios?: Bytes | undefined;
  /**
   * Flash memory below the firmware image in which it keeps variables, such as OVMF's OVMF_VARS.fd: what is in it at the
   * start. Without it OVMF keeps them in memory.
   */
  readonly biosVars?: Bytes | undefined;
  /** An initramfs, in any format the kernel unpacks, or several files. */
  readonly initrd?: Bytes | readonly ModuleOption[] | undefined;
  /** Kernel command line; `console=ttyS0` by default. */
  readonly commandLine?: string | undefined;
  /**
   * Bytes of RAM, SMALLEST_MEMORY to LARGEST_MEMORY in whole pages of 4096; 512 MiB by default. Memory is taken from
   * the host as the guest touches it, in pieces of 2 MiB, up to BACKED_MEMORY: a guest may have more, and ends as
   * `out of memory` when it touches more.
   */
  readonly memorySize?: number | undefined;
  /** `host`: real time, the default. `instructions`: a nanosecond each, a microsecond a device access, deterministic. */
  readonly clock?: ClockKind | undefined;
  /** `auto` by default. */
  readonly tier?: Tier | undefined;
  /**
   * Seed of the randomness the guest is given, 0 to 2^53 - 1; by default 0 with the instruction clock, else the time.
   */
  readonly seed?: number | undefined;
  /** False ends the run where the guest asks for a restart. Default true. */
  readonly reboot?: boolean | undefined;
  /** Model of the processor, its vendor and features more or less, as `--cpu` takes them (cpu-models.ts). Default `max,-la57`. */
  readonly cpu?: string | undefined;
  /** Port at which a guest ends the machine with a code, as with QEMU's isa-debug-exit: 0 to 65532; none by default. */
  readonly debugExitPort?: number | undefined;
  /**
   * Where compiled code is kept for other runs of the same guest: in Node a folder, which is made if it is not there, in a browser
   * the name of a Cache. Nothing by default. Of use with tier `auto`.
   */
  readonly codeCache?: string | undefined;
  /** Bytes that COM1 sent. */
  readonly onSerialOutput?: ((bytes: Uint8Array) => void) | undefined;
  /** Bytes of the firmware image's messages, as QEMU's isa-debugcon at port 402H takes them. */
  readonly onFirmwareMessage?: ((bytes: Uint8Array) => void) | undefined;
  /** The firmware image has changed its variable store: the whole content. Told when the guest sleeps, and when run() ends. */
  readonly onBiosVars?: ((content: Uint8Array) => void) | undefined;
  /** The guest has nothing to do until its next timer or input, or has again. */
  readonly onIdle?: ((idle: boolean) => void) | undefined;
  /** The guest runs but will never do anything again, for the reason given. Told once between restarts. */
  readonly onStall?: ((stall: Stall) => void) | undefined;
}

/** The options with their defaults. */
export interface CheckedOptions {
  readonly host: Host;
  /** Undefined only where there is a firmware image. */
  readonly kernel: Uint8Array | undefined;
  readonly bios: Uint8Array | undefined;
  /** A copy. Only where there is a firmware image. */
  readonly biosVars: Uint8Array | undefined;
  /** Undefined: the first door that takes the file. */
  readonly entry: EntryName | undefined;
  readonly modules: readonly BootModule[];
  readonly commandLine: string;
  readonly memorySize: number;
  readonly clock: ClockKind;
  readonly tier: Tier;
  /** Undefined: the time. */
  readonly seed: number | undefined;
  readonly reboot: boolean;
  readonly cpu: Cpu;
  readonly debugExitPort: number | undefined;
  readonly codeCache: string | undefined;
  readonly onSerialOutput: (bytes: Uint8Array) => void;
  readonly onFirmwareMessage: (bytes: Uint8Array) => void;
  readonly onBiosVars: (content: Uint8Array) => void;
  readonly onIdle: (idle: boolean) => void;
  readonly onStall: (stall: Stall) => void;
}

/** Bytes: the firmware's tables and a kernel's first page tables need that much. */
export const SMALLEST_MEMORY = 2 * MIB;
/** Guest-physical address space less the hole below 4 GiB, in bytes. */
export const LARGEST_MEMORY = CHUNK_COUNT * 2 ** CHUNK_SHIFT - (HIGH_RAM - LOW_RAM_LIMIT);

const DEFAULT_MEMORY = 512 * MIB;
export const LAST_DEBUG_EXIT_PORT = 0x1_0000 - DEBUG_EXIT_PORT_COUNT;
const DEFAULT_COMMAND_LINE = 'console=ttyS0';
const CLOCKS: readonly ClockKind[] = ['host', 'instructions'];
const TIERS: readonly Tier[] = ['auto', 'interpreter', 'compiled'];

/** What a value is, for messages. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new InputError(`${name}: ${describe(value)} is not ${expected}`);
}

/** By its name, as it may come from another realm. */
function isBuffer(value: unknown): value is ArrayBufferLike {
  return /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * A view of the bytes, not a copy.
 * @param name what the value is called in the error.
 * @throws InputError when it is no ArrayBuffer, SharedArrayBuffer or view of one.
 */
export function bytesOf(name: string, value: Bytes): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isBuffer(value)) return new Uint8Array(value);
  return refuse(name, value, 'an ArrayBuffer or a view of one, such as a Uint8Array');
}

function oneOf<T extends string>(name: string, value: T | undefined, choices: readonly T[]): T {
  if (value === undefined) return choices[0] as T;
  if (!choices.includes(value)) refuse(name, value, choices.map((choice) => `'${choice}'`).join(' or '));
  return value;
}

function memorySizeOf(value = DEFAULT_MEMORY): number {
  if (!Number.isSafeInteger(value) || value % PAGE_SIZE !== 0) {
    refuse('memorySize', value, `a number of bytes in whole pages of ${PAGE_SIZE}`);
  }
  if (value < SMALLEST_MEMORY)
    throw new InputError(`memorySize: too small: at least ${SMALLEST_MEMORY / MIB} MiB`);
  if (value > LARGEST_MEMORY)
    throw new InputError(`memorySize: too large: at most ${LARGEST_MEMORY / GIB} GiB`);
  return value;
}

function seedOf(value: number | undefined): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
  return refuse('seed', value, 'a whole number from 0 to 2^53 - 1');
}

function debugExitPortOf(value: number | undefined): number | undefined {
  const isPort =
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LAST_DEBUG_EXIT_PORT;
  if (value === undefined || isPort) return value;
  return refuse('debugExitPort', value, `a port from 0 to ${LAST_DEBUG_EXIT_PORT}`);
}

function codeCacheOf(value: string | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  return refuse('codeCache', value, 'the name of a folder or Cache');
}

function cpuOf(cpu = DEFAULT_CPU): Cpu {
  if (typeof cpu !== 'string') refuse('cpu', cpu, 'a text, such as max');
  try {
    return chooseCpu(cpu);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`cpu: ${error.message}`);
    throw error;
  }
}

function commandLineOf(name: string, value: string): string {
  if (typeof value !== 'string') refuse(name, value, 'a string');
  if (value.includes('\0'))
    throw new InputError(`${name}: there is a NUL character in it, which would end it`);
  return value;
}

function imageOf(value: Bytes): Uint8Array {
  const image = bytesOf('bios', value);
  checkImage(image);
  return image;
}

function variableStoreOf(value: Bytes, image: Uint8Array | undefined): Uint8Array {
  if (image === undefined) throw new InputError('biosVars: only of use with a firmware image');
  const store = bytesOf('biosVars', value).slice();
  checkVariableStore(store, image);
  return store;
}

function modulesOf(value: MachineOptions['initrd']): readonly BootModule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ data: bytesOf('initrd', value as Bytes) }];
  return (value as readonly ModuleOption[]).map((module, index) => {
    const name = `initrd[${index}]`;
    if (typeof module !== 'object' || module === null) refuse(name, module, 'a file with its data');
    const data = bytesOf(`${name}.data`, module.data);
    if (module.commandLine === undefined) return { data };
    return { data, commandLine: commandLineOf(`${name}.commandLine`, module.commandLine) };
  });
}

/** @throws InputError that names the option which cannot be used. */
export function checkOptions(options: MachineOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) refuse('options', options, 'an object');
  const {
    host,
    kernel,
    entry,
    bios,
    reboot = true,
    onSerialOutput = () => {},
    onFirmwareMessage = () => {},
    onBiosVars = () => {},
    onIdle = () => {},
    onStall = () => {},
  } = options;
  if (typeof host !== 'object' || host === null) refuse('host', host, 'a Host');
  if (bios !== undefined && entry !== undefined) {
    throw new InputError('entry: a firmware image chooses the way into the kernel itself');
  }
  if (typeof reboot !== 'boolean') refuse('reboot', reboot, 'true or false');
  if (typeof onSerialOutput !== 'function') refuse('onSerialOutput', onSerialOutput, 'a function');
  if (typeof onFirmwareMessage !== 'function') refuse('onFirmwareMessage', onFirmwareMessage, 'a function');
  if (typeof onBiosVars !== 'function') refuse('onBiosVars', onBiosVars, 'a function');
  if (typeof onIdle !== 'function') refuse('onIdle', onIdle, 'a function');
  if (typeof onStall !== 'function') refuse('onStall', onStall, 'a function');
  const image = bios === undefined ? undefined : imageOf(bios);
  return {
    host,
    kernel: kernel === undefined && bios !== undefined ? undefined : bytesOf('kernel', kernel as Bytes),
    bios: image,
    biosVars: options.biosVars === undefined ? undefined : variableStoreOf(options.biosVars, image),
    entry: entry === undefined ? undefined : oneOf('entry', entry, ENTRIES),
    modules: modulesOf(options.initrd),
    commandLine: commandLineOf('commandLine', options.commandLine ?? DEFAULT_COMMAND_LINE),
    memorySize: memorySizeOf(options.memorySize),
    clock: oneOf('clock', options.clock, CLOCKS),
    tier: oneOf('tier', options.tier, TIERS),
    seed: seedOf(options.seed),
    cpu: cpuOf(options.cpu),
    debugExitPort: debugExitPortOf(options.debugExitPort),
    codeCache: codeCacheOf(options.codeCache),
    reboot,
    onSerialOutput,
    onFirmwareMessage,
    onBiosVars,
    onIdle,
    onStall,
  };
}
