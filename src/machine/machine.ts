/**
 * A machine that boots Linux: the public API's heart. It owns the run loop; the board owns the parts.
 */
import { buildAcpiTables } from '../boot/acpi/tables.ts';
import type { BootModule, EntryName } from '../boot/door.ts';
import { findDoor } from '../boot/doors.ts';
import { buildE820 } from '../boot/e820.ts';
import { lowRamEnd } from '../boot/memory-map.ts';
import { buildSmbios } from '../boot/smbios.ts';
import { type LocalCompiler, type RemoteCompiler, type Tier, Tiering } from '../code-cache/tiering.ts';
import type { ExitReason } from '../cpu/processor.ts';
import type { Host } from '../host/host.ts';
import { Board } from './board.ts';
import type { ClockKind } from './clock.ts';
import { enter } from './enter.ts';
import { randomNumbers, seedBytes } from './seed.ts';
import { collectStatistics, type Statistics } from './statistics.ts';
import { enterVirtualWireMode } from './virtual-wire.ts';

export interface MachineOptions {
  readonly host: Host;
  /** A file that one of the doors takes (boot/doors.ts). */
  readonly kernel: Uint8Array;
  /** The door; by default the first that takes the file. */
  readonly entry?: EntryName;
  /** An initramfs, in any format the kernel unpacks, or several. */
  readonly initrd?: Uint8Array | readonly BootModule[];
  /** Kernel command line. */
  readonly commandLine?: string;
  /** Bytes of RAM; 512 MiB by default. */
  readonly memorySize?: number;
  /** `host`: real time. `instructions`: one nanosecond each, deterministic. */
  readonly clock?: ClockKind;
  readonly tier?: Tier;
  /** Seed of the randomness the guest is given; by default 0 with the instruction clock, else random. */
  readonly seed?: number;
  /** False ends the run where the guest asks for a restart. Default true. */
  readonly reboot?: boolean;
  /** Bytes that COM1 sent. */
  readonly onSerialOutput?: (bytes: Uint8Array) => void;
}

export type Ending =
  | { readonly kind: 'power off' }
  /** The guest asked for a restart and `reboot` is false. */
  | { readonly kind: 'restart' }
  /** Triple fault, or halted with interrupts off: nothing can ever happen again. */
  | { readonly kind: 'died'; readonly reason: 'triple fault' | 'halted with interrupts disabled' }
  /** stop() was called. */
  | { readonly kind: 'stopped' };

const DEFAULT_MEMORY = 512 * 1024 * 1024;
/** Instructions in a slice: how late a timer of the host clock can be noticed. */
const SLICE = 200_000;
/** Host milliseconds after which other events of the host get a turn. */
const TURN = 8;
/** The same while compiled code is on its way: the sooner it is installed the better. */
const SHORT_TURN = 1;
/**
 * Instructions of a slice that were interpreted although their compilation is under way, from which on it is faster
 * to wait for it: compiled code runs five to ten times as fast.
 */
const WORTH_WAITING = SLICE * 0.02;
/** RTC of a deterministic run: 2024-01-01 00:00:00 UTC. */
const FIXED_EPOCH = 1_704_067_200_000;

export class Machine {
  private readonly options: MachineOptions;
  private readonly runtime: WebAssembly.Module;
  private board: Board;
  private tiering: Tiering;
  private readonly remote: RemoteCompiler | undefined;
  private readonly local: LocalCompiler | undefined;
  private stopRequested = false;
  private sleeper: { wake(): void } | undefined;
  private output: number[] = [];
  private readonly startedAt: number;
  private boots = 0;
  private readonly undefinedInstructions = new Map<string, number>();

  /** Loads the runtime and puts the kernel into memory. Throws InputError for a kernel or initrd that cannot be used. */
  static async create(options: MachineOptions): Promise<Machine> {
    const runtime = await options.host.loadRuntime();
    // Binaryen takes a while to load: only where this thread compiles.
    const local =
      options.tier === 'compiled' ? (await import('../compile/compiler.ts')).compileRegions : undefined;
    return new Machine(options, runtime, local);
  }

  private constructor(
    options: MachineOptions,
    runtime: WebAssembly.Module,
    local: LocalCompiler | undefined,
  ) {
    this.options = options;
    this.runtime = runtime;
    this.local = local;
    this.startedAt = options.host.now();
    if ((options.tier ?? 'auto') === 'auto') this.remote = options.host.startCompiler();
    ({ board: this.board, tiering: this.tiering } = this.powerOn());
  }

  get processor() {
    return this.board.processor;
  }

  /** Sends bytes to COM1; what the guest does not take at once waits. */
  sendSerial(bytes: Uint8Array): void {
    this.board.uart.receive(bytes);
    this.sleeper?.wake();
  }

  /** The ACPI power button. */
  pressPowerButton(): void {
    this.board.acpi.pressPowerButton();
    this.sleeper?.wake();
  }

  /** Makes run() return at the next slice boundary. */
  stop(): void {
    this.stopRequested = true;
    this.sleeper?.wake();
  }

  /** Frees what the machine holds outside of memory: the compile worker. The machine cannot run afterwards. */
  async close(): Promise<void> {
    this.stop();
    await this.remote?.close();
  }

  statistics(): Statistics {
    return collectStatistics(
      this.board,
      this.tiering,
      this.undefinedInstructions,
      this.options.host.now() - this.startedAt,
    );
  }

  private powerOn(): { board: Board; tiering: Tiering } {
    const { host, kernel, initrd } = this.options;
    const door = findDoor(kernel, this.options.entry);
    const deterministic = this.options.clock === 'instructions';
    const memorySize = this.options.memorySize ?? DEFAULT_MEMORY;
    const seed = this.options.seed ?? (deterministic ? 0 : host.epochMilliseconds());
    let tiering: Tiering | undefined;
    const board = new Board({
      runtime: this.runtime,
      memorySize,
      clock: this.options.clock ?? 'host',
      hostTime: () => host.now(),
      epochMilliseconds: deterministic ? FIXED_EPOCH : host.epochMilliseconds(),
      random: randomNumbers(seed, this.boots),
      transmit: (byte) => this.output.push(byte),
      requestCompile: (head) => tiering?.request(head),
      blockDropped: (head) => tiering?.drop(head),
      undefinedInstruction: (record) => this.countUndefined(record),
    });
    tiering = new Tiering(board.processor, this.options.tier ?? 'auto', this.remote, this.local, () =>
      host.now(),
    );
    const e820 = buildE820(memorySize);
    const acpi = buildAcpiTables({ cpuCount: 1, ramTop: lowRamEnd(memorySize) });
    for (const { address, bytes } of [...acpi.regions, ...buildSmbios(memorySize)])
      board.ram.write(address, bytes);
    const start = door.load(board.ram, {
      kernel,
      modules: initrd instanceof Uint8Array ? [{ data: initrd }] : (initrd ?? []),
      commandLine: this.options.commandLine ?? 'console=ttyS0',
      e820,
      rsdpAddress: acpi.rsdpAddress,
      seed: seedBytes(seed, this.boots),
    });
    this.boots += 1;
    enterVirtualWireMode(board.localApic);
    enter(board.processor, start);
    return { board, tiering };
  }

  private countUndefined(record: number): void {
    const { processor } = this.board;
    const bytes = processor.codeOfRecord(record);
    const key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.undefinedInstructions.set(key, (this.undefinedInstructions.get(key) ?? 0) + 1);
  }

  /** Runs until the guest ends, or stop(). */
  async run(): Promise<Ending> {
    const { host } = this.options;
    let turnEnd = host.now() + TURN;
    for (;;) {
      const ending = this.slice();
      this.flushOutput();
      if (ending === 'idle') await this.idle();
      else if (ending !== undefined) return ending;
      if (this.stopRequested) return { kind: 'stopped' };
      if (this.tiering.isWaiting && this.tiering.interpretedMeanwhile() > WORTH_WAITING) {
        await this.orWoken(this.tiering.nextResult());
        turnEnd = host.now() + SHORT_TURN;
        continue;
      }
      if (host.now() >= turnEnd) {
        await host.yield();
        turnEnd = host.now() + (this.tiering.isWaiting ? SHORT_TURN : TURN);
      }
    }
  }

  /** Waits for `done`, at most until input or stop() wakes the machine. */
  private async orWoken(done: Promise<void>): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.sleeper = { wake: resolve };
    });
    await Promise.race([done, woken]);
    this.sleeper = undefined;
  }

  private flushOutput(): void {
    if (this.output.length === 0) return;
    this.options.onSerialOutput?.(Uint8Array.from(this.output));
    this.output = [];
  }

  /** One slice: due timers, interrupts, guest code, and what came of it. */
  private slice(): Ending | 'idle' | undefined {
    const { board } = this;
    const { processor, timers, clock } = board;
    this.tiering.poll();
    const now = clock.now();
    if (timers.nextDeadline() <= now) timers.runExpired(now);
    const reason = this.runSlice();
    if (board.request !== undefined) return this.fulfil(board.request);
    switch (reason) {
      case 'triple fault':
        return { kind: 'died', reason: 'triple fault' };
      case 'halt':
        if (processor.interruptsEnabled || board.nmiPending) return 'idle';
        return { kind: 'died', reason: 'halted with interrupts disabled' };
      default:
        return undefined;
    }
  }

  private runSlice(): ExitReason {
    const { board } = this;
    const { processor, timers, clock } = board;
    while (processor.interruptShadow) {
      // STI and MOV SS hold interrupts back until the next instruction is done, which may be a MOV SS itself.
      processor.clearInterruptShadow();
      const reason = processor.run(1);
      if (reason !== 'budget') return reason;
    }
    if (board.nmiPending && !processor.nmiBlocked) {
      board.nmiPending = false;
      processor.nmi();
    } else if (processor.interruptsEnabled && board.hasInterrupt()) {
      processor.interrupt(board.acknowledge());
    }
    processor.setInterruptPending(board.hasInterrupt(), board.nmiPending);
    if (processor.trapFlag) return processor.singleStep();
    let count = SLICE;
    if (clock.kind === 'instructions') {
      count = Math.max(1, Math.min(count, timers.nextDeadline() - clock.now()));
    }
    return processor.run(count);
  }

  private fulfil(request: 'power off' | 'reset'): Ending | undefined {
    if (request === 'power off') return { kind: 'power off' };
    if (this.options.reboot === false) return { kind: 'restart' };
    ({ board: this.board, tiering: this.tiering } = this.powerOn());
    return undefined;
  }

  /** Halted: sleeps until the next timer, or until input wakes the machine. */
  private async idle(): Promise<void> {
    const { board } = this;
    const { timers, clock } = board;
    while (!board.hasInterrupt() && !board.nmiPending && !this.stopRequested && board.request === undefined) {
      const deadline = timers.nextDeadline();
      const now = clock.now();
      if (deadline > now) {
        const sleep = this.options.host.sleep((deadline - now) / 1e6);
        let woken = false;
        this.sleeper = {
          wake: () => {
            woken = true;
            sleep.wake();
          },
        };
        await sleep.done;
        this.sleeper = undefined;
        if (!woken && deadline !== Number.POSITIVE_INFINITY) clock.skipTo(deadline);
      }
      timers.runExpired(clock.now());
    }
  }
}
