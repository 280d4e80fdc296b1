/**
 * A machine that boots Linux: the public API's heart. It owns the run loop; the board owns the parts.
 */
import { buildAcpiTables } from '../boot/acpi/tables.ts';
import { loadKernel } from '../boot/doors.ts';
import { buildE820 } from '../boot/e820.ts';
import { tellPowerManagementPort } from '../boot/image/acpi-loader.ts';
import { buildConfiguration } from '../boot/image/configuration.ts';
import { placeLowPart } from '../boot/image/image.ts';
import { FIRMWARE_PORT } from '../boot/io-map.ts';
import { HIGH_RAM, lowRamEnd } from '../boot/memory-map.ts';
import { buildSmbios } from '../boot/smbios.ts';
import { beginUnpacking, loadUnpacker, type Piece, type Unpack } from '../boot/unpack/unpack.ts';
import { type LocalCompiler, type RemoteCompiler, Tiering } from '../code-cache/tiering.ts';
import type { ExitReason } from '../cpu/processor.ts';
import { Flash } from '../devices/flash.ts';
import { Rom } from '../devices/rom.ts';
import { BREAK, SerialLine } from '../devices/serial-line.ts';
import { COUNTER_MMIO, COUNTER_PORT } from '../layout/runtime-state.ts';
import { packPlace } from '../saved-code/pack-place.ts';
import { Board } from './board.ts';
import type { Request } from './chipset.ts';
import { enter } from './enter.ts';
import { FirmwarePort } from './firmware-port.ts';
import { type Bytes, bytesOf, type CheckedOptions, checkOptions, type MachineOptions } from './options.ts';
import { randomNumbers, seedBytes } from './seed.ts';
import { StallWatch } from './stall-watch.ts';
import { collectStatistics, type Statistics } from './statistics.ts';
import { StopWatch } from './stop-watch.ts';
import { checkTerminalSize, type TerminalSize, terminalSizeLine } from './terminal-size.ts';
import { enterVirtualWireMode } from './virtual-wire.ts';

export type Ending =
  | { readonly kind: 'power off' }
  /** The guest asked for a restart and `reboot` is false. */
  | { readonly kind: 'restart' }
  /** The guest wrote to the port of `debugExitPort`: `(value << 1) | 1`. */
  | { readonly kind: 'debug exit'; readonly code: number }
  /** Triple fault, or halted with interrupts off: nothing can ever happen again. */
  | { readonly kind: 'died'; readonly reason: 'triple fault' | 'halted with interrupts disabled' }
  /** The guest touched more memory than the host could give. */
  | { readonly kind: 'out of memory' }
  /** stop() was called. */
  | { readonly kind: 'stopped' };

/** Most and least instructions in a slice. */
const LONGEST_SLICE = 200_000;
const SHORTEST_SLICE = 10_000;
/** Host milliseconds that a slice may take: how late a timer of the host clock is noticed. */
const SLICE_TIME = 1;
/** Host milliseconds after which other events of the host get a turn. */
const TURN = 8;
/** The same while compiled code is on its way: the sooner it is installed the better. */
const SHORT_TURN = 1;
/**
 * Part of a slice that was interpreted although its compilation is under way, from which on it is waited for: compiled
 * code runs five to ten times as fast, but a module takes a few milliseconds, in which handlers get on, too.
 */
const WORTH_WAITING = 0.3;
/** Host milliseconds after which the guest goes on although what it waits for is not compiled: the host is busy. */
const LONGEST_WAIT = 20;
/** Nanoseconds of sleep from which on there is time to keep what has been compiled: half a second. */
const LONG_SLEEP = 500_000_000;
/** Bytes that may wait for the guest to read them before no more are wanted. */
const SERIAL_ROOM = 65_536;
/** Bytes of terminal sizes that wait for the guest: more mean that it does not listen. */
const CONTROL_ROOM = 256;
/** RTC of a deterministic run: 2024-01-01 00:00:00 UTC. */
const FIXED_EPOCH = 1_704_067_200_000;

/** What unpacks the kernel, if the loader is to. */
async function chooseUnpacker({ kernel, bios, entry }: CheckedOptions): Promise<Unpack | undefined> {
  const isWanted = bios === undefined && (entry === undefined || entry === 'unpacked');
  return isWanted && kernel !== undefined ? await loadUnpacker(kernel) : undefined;
}

/** Unpacks the kernel as far as that takes long; other events of the host get turns. */
async function startUnpacking(
  { kernel, host }: CheckedOptions,
  unpack: Unpack | undefined,
): Promise<AsyncIterable<Piece> | undefined> {
  if (kernel === undefined || unpack === undefined) return undefined;
  let turnEnd = host.now() + TURN;
  return await beginUnpacking(kernel, unpack, () => {
    if (host.now() < turnEnd) return undefined;
    return host.yield().then(() => {
      turnEnd = host.now() + TURN;
    });
  });
}

export class Machine {
  private readonly options: CheckedOptions;
  private readonly runtime: WebAssembly.Module;
  private readonly unpack: Unpack | undefined;
  private readonly seed: number;
  private board: Board;
  private tiering: Tiering;
  private readonly remote: RemoteCompiler | undefined;
  private readonly local: LocalCompiler | undefined;
  private stopRequested = false;
  private resetRequested = false;
  /** Instructions in a slice: as many as take about SLICE_TIME. */
  private sliceLength = LONGEST_SLICE;
  private isRunning = false;
  private isClosed = false;
  /** How the guest ended, which it does once. */
  private ended: Ending | undefined;
  private sleeper: { wake(): void } | undefined;
  private output: number[] = [];
  /** Of the firmware image. */
  private messages: number[] = [];
  /** Outlives the board: a terminal does not stop sending because the machine restarts. */
  private readonly serialInput = new SerialLine();
  private controlInput = new SerialLine();
  private readonly stallWatch: StallWatch;
  private terminalSize: TerminalSize | undefined;
  /** Those who wait until more serial input is wanted. */
  private drainListeners: (() => void)[] = [];
  private readonly startedAt: number;
  private readonly idling: StopWatch;
  /** For compiled code. */
  private readonly waiting: StopWatch;
  private boots = 0;
  /** Variables of the firmware, which outlive the board as they would in flash memory. */
  private readonly nonVolatile = new Map<string, Uint8Array>();
  private biosVarsChanged = false;
  private readonly undefinedInstructions = new Map<string, number>();

  /** Loads the runtime and puts the kernel into memory. Throws InputError for an option that cannot be used. */
  static async create(given: MachineOptions): Promise<Machine> {
    const options = checkOptions(given);
    if (options.codeCache !== undefined) await options.host.checkCodeCache(options.codeCache);
    const unpacker = chooseUnpacker(options);
    const runtime = await options.host.loadRuntime();
    // Binaryen takes a while to load: only where this thread compiles.
    const local = options.tier === 'compiled' ? await options.host.loadCompiler() : undefined;
    const unpack = await unpacker;
    const unpacked = await startUnpacking(options, unpack);
    const machine = new Machine(options, runtime, local, unpack);
    try {
      await machine.begin(unpacked);
    } catch (error) {
      await machine.close();
      throw error;
    }
    return machine;
  }

  private constructor(
    options: CheckedOptions,
    runtime: WebAssembly.Module,
    local: LocalCompiler | undefined,
    unpack: Unpack | undefined,
  ) {
    this.options = options;
    this.unpack = unpack;
    this.seed = options.seed ?? (options.clock === 'instructions' ? 0 : options.host.epochMilliseconds());
    this.stallWatch = new StallWatch(options.onStall);
    this.runtime = runtime;
    this.local = local;
    this.startedAt = options.host.now();
    this.idling = new StopWatch(() => options.host.now());
    this.waiting = new StopWatch(() => options.host.now());
    if (options.tier === 'auto') this.remote = options.host.startCompiler();
    ({ board: this.board, tiering: this.tiering } = this.powerOn());
  }

  get processor() {
    return this.board.processor;
  }

  /**
   * Sends bytes to COM1. What the guest does not take at once waits, however much it is.
   * Returns whether more is wanted; if not, serialDrained() tells when.
   */
  sendSerial(bytes: Bytes): boolean {
    this.board.chipset.uart.receive(bytesOf('sendSerial', bytes));
    this.sleeper?.wake();
    return this.wantsSerial;
  }

  /** Resolves when the guest has read so much that more is wanted, at once if it is. Not after the guest's end. */
  serialDrained(): Promise<void> {
    if (this.wantsSerial) return Promise.resolve();
    return new Promise((resolve) => this.drainListeners.push(resolve));
  }

  private get wantsSerial(): boolean {
    return this.serialInput.length < SERIAL_ROOM;
  }

  /** A break on COM1's line, behind all that was sent before: Linux takes the next character as a magic SysRq key. */
  sendBreak(): void {
    this.board.chipset.uart.receive([BREAK]);
    this.sleeper?.wake();
  }

  /**
   * Tells the guest the size of the terminal at its console, in characters, each 1 to 65535: at the start and whenever
   * it changes. It comes as a line `ROWS COLUMNS` on COM2.
   */
  resizeTerminal(columns: number, rows: number): void {
    this.terminalSize = checkTerminalSize({ columns, rows });
    // An older size that is half read ends as a line of its own.
    if (this.controlInput.length > CONTROL_ROOM) {
      this.controlInput.clear();
      this.controlInput.push(terminalSizeLine(this.terminalSize).slice(-1));
    }
    this.board.chipset.controlUart.receive(terminalSizeLine(this.terminalSize));
    this.sleeper?.wake();
  }

  /** The ACPI power button. */
  pressPowerButton(): void {
    this.board.chipset.acpi.pressPowerButton();
    this.sleeper?.wake();
  }

  /** The reset button: the machine starts anew at the next slice boundary, or when it is run again, also if it has ended. */
  reset(): void {
    this.resetRequested = true;
    this.ended = undefined;
    this.sleeper?.wake();
  }

  /** A copy of the firmware image's variable store as it is now; undefined for a machine without. */
  get biosVars(): Uint8Array<ArrayBuffer> | undefined {
    const { biosVars } = this.options;
    return biosVars === undefined ? undefined : new Uint8Array(biosVars);
  }

  /**
   * Reads guest RAM.
   * @param physicalAddress guest-physical. @param length bytes.
   * @throws RangeError where there is no RAM.
   */
  readMemory(physicalAddress: number, length: number): Uint8Array<ArrayBuffer> {
    return this.board.ram.read(physicalAddress, length);
  }

  /** Writes guest RAM, translated code included. @throws RangeError where there is no RAM. */
  writeMemory(physicalAddress: number, bytes: Uint8Array): void {
    this.board.ram.write(physicalAddress, bytes);
  }

  /** Makes run() return at the next slice boundary; run() then goes on from there. Does nothing while it does not run. */
  stop(): void {
    this.stopRequested = true;
    this.sleeper?.wake();
  }

  /** Keeps what has been compiled for other runs of the same guest, as it does by itself when the guest sleeps for long. */
  async saveCode(): Promise<void> {
    await this.tiering.save();
  }

  /** Frees what the machine holds outside of memory: the compile worker. The machine cannot run afterwards. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.stop();
    await this.remote?.close();
  }

  statistics(): Statistics {
    return collectStatistics(this.board, this.tiering, this.undefinedInstructions, {
      wall: this.options.host.now() - this.startedAt,
      idle: this.idling.milliseconds,
      waiting: this.waiting.milliseconds,
    });
  }

  private powerOn(): { board: Board; tiering: Tiering } {
    const { host, kernel, modules, memorySize, bios, commandLine } = this.options;
    const deterministic = this.options.clock === 'instructions';
    const configuration =
      bios === undefined ? undefined : buildConfiguration({ kernel, modules, commandLine, memorySize });
    let tiering: Tiering | undefined;
    const board = new Board({
      runtime: this.runtime,
      prepareMemory: host.prepareMemory?.bind(host),
      memorySize,
      clock: this.options.clock,
      hostTime: () => host.now(),
      epochMilliseconds: deterministic ? FIXED_EPOCH : host.epochMilliseconds(),
      random: randomNumbers(this.seed, this.boots),
      cpu: this.options.cpu,
      debugExitPort: this.options.debugExitPort,
      firmware:
        configuration === undefined
          ? undefined
          : {
              configuration,
              message: (byte) => this.messages.push(byte),
              powerManagementMoved: (port) => tellPowerManagementPort(configuration.files, port),
            },
      transmit: (byte) => this.output.push(byte),
      serialInput: this.serialInput,
      controlInput: this.controlInput,
      requestCompile: (head) => tiering?.request(head),
      blockDropped: (head) => tiering?.drop(head),
      undefinedInstruction: (record) => this.countUndefined(record),
    });
    tiering = new Tiering(
      board.processor,
      this.options.tier,
      this.remote,
      this.local,
      () => host.now(),
      packPlace(this.runtime, this.options),
    );
    return { board, tiering };
  }

  /** Puts what the processor starts in into the memory of a new board. */
  private async begin(unpacked: AsyncIterable<Piece> | undefined): Promise<void> {
    const { board } = this;
    const { kernel, bios } = this.options;
    if (bios === undefined) await this.enterKernel(board, kernel as Uint8Array, unpacked);
    else {
      this.addImage(board, bios);
      board.processor.runtime.resetProcessor();
    }
    this.boots += 1;
  }

  /** A firmware image as ROM below 4 GiB, and below it the flash memory that it keeps variables in. */
  private addImage(board: Board, bios: Uint8Array): void {
    const { ram, chipset, processor } = board;
    const { biosVars = new Uint8Array(0) } = this.options;
    const base = HIGH_RAM - bios.length - biosVars.length;
    const image = new Uint8Array(biosVars.length + bios.length);
    image.set(biosVars);
    image.set(bios, biosVars.length);
    ram.addRom(image);
    chipset.mmio.add(HIGH_RAM - bios.length, bios.length, new Rom(bios));
    placeLowPart(ram, bios);
    if (biosVars.length === 0) return;
    const flash = new Flash({
      content: biosVars,
      show: (bytes) => {
        ram.write(base, bytes);
        // It takes as long as many instructions.
        processor.endSlice();
      },
      changed: () => {
        this.biosVarsChanged = true;
      },
    });
    chipset.mmio.add(base, biosVars.length, flash);
  }

  private tellBiosVars(): void {
    const { biosVars } = this.options;
    if (!this.biosVarsChanged || biosVars === undefined) return;
    this.biosVarsChanged = false;
    this.options.onBiosVars(biosVars.slice());
  }

  /** Does what firmware does, and what a loader. */
  private async enterKernel(
    board: Board,
    kernel: Uint8Array,
    unpacked: AsyncIterable<Piece> | undefined,
  ): Promise<void> {
    const { modules, memorySize, commandLine } = this.options;
    const e820 = buildE820(memorySize);
    const acpi = buildAcpiTables({ cpuCount: 1, ramTop: lowRamEnd(memorySize) });
    for (const { address, bytes } of [...acpi.regions, ...buildSmbios(memorySize)])
      board.ram.write(address, bytes);
    const input = {
      kernel,
      modules,
      commandLine,
      e820,
      rsdpAddress: acpi.rsdpAddress,
      seed: seedBytes(this.seed, this.boots),
      unpacked,
      fiveLevelPaging: !this.options.cpu.withheld.has('la57'),
      hardware: board.hardware(this.nonVolatile),
    };
    const start = await loadKernel(board.ram, input, this.options.entry);
    if (start.firmware !== undefined) {
      board.chipset.ports.add(FIRMWARE_PORT, 1, new FirmwarePort(start.firmware, board.processor, board.ram));
    }
    enterVirtualWireMode(board.chipset.localApic);
    enter(board.processor, start);
  }

  private countUndefined(record: number): void {
    const { processor } = this.board;
    const bytes = processor.codeOfRecord(record);
    const key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.undefinedInstructions.set(key, (this.undefinedInstructions.get(key) ?? 0) + 1);
  }

  /** Runs until the guest ends, or stop(). A guest that has ended does not run again. */
  async run(): Promise<Ending> {
    if (this.isClosed) throw new Error('the machine is closed');
    if (this.isRunning) throw new Error('the machine runs already');
    if (this.ended !== undefined) return this.ended;
    this.isRunning = true;
    this.stopRequested = false;
    try {
      const ending = await this.runToEnding();
      if (ending.kind !== 'stopped') this.ended = ending;
      return ending;
    } finally {
      this.tellBiosVars();
      this.isRunning = false;
    }
  }

  private async runToEnding(): Promise<Ending> {
    const { host } = this.options;
    let turnEnd = host.now() + TURN;
    for (;;) {
      if (this.resetRequested) await this.restart();
      const ending = this.slice();
      this.flushOutput();
      this.watchForStall(ending === 'idle');
      this.tellDrained();
      if (ending === 'idle') await this.idle();
      else if (ending !== undefined) return ending;
      if (this.stopRequested) return { kind: 'stopped' };
      if (this.tiering.isWaiting && this.tiering.interpretedMeanwhile() > this.sliceLength * WORTH_WAITING) {
        await this.orWoken(this.tiering.nextResult(), LONGEST_WAIT);
        turnEnd = host.now() + SHORT_TURN;
        continue;
      }
      if (host.now() >= turnEnd) {
        await host.yield();
        turnEnd = host.now() + (this.tiering.isWaiting ? SHORT_TURN : TURN);
      }
    }
  }

  /** Someone outside wants something of the run loop. */
  private get isAsked(): boolean {
    return this.stopRequested || this.resetRequested;
  }

  /** Waits for `done`, at most for `milliseconds` and until input or stop() wakes the machine. */
  private async orWoken(done: Promise<void>, milliseconds: number): Promise<void> {
    const sleep = this.options.host.sleep(milliseconds);
    this.sleeper = sleep;
    this.waiting.start();
    await Promise.race([done, sleep.done]);
    this.waiting.stop();
    this.sleeper = undefined;
    sleep.wake();
  }

  private watchForStall(halted: boolean): void {
    const { processor, clock } = this.board;
    this.stallWatch.slice({
      now: clock.now(),
      halted,
      interruptsEnabled: processor.interruptsEnabled,
      cpl: processor.cpl,
      deviceAccesses: () => processor.counter(COUNTER_PORT) + processor.counter(COUNTER_MMIO),
    });
  }

  private tellDrained(): void {
    if (this.drainListeners.length === 0 || !this.wantsSerial) return;
    const listeners = this.drainListeners;
    this.drainListeners = [];
    for (const listener of listeners) listener();
  }

  private flushOutput(): void {
    if (this.messages.length > 0) this.options.onFirmwareMessage(Uint8Array.from(this.messages));
    this.messages = [];
    if (this.output.length === 0) return;
    const bytes = Uint8Array.from(this.output);
    this.output = [];
    this.stallWatch.output(bytes);
    this.options.onSerialOutput(bytes);
  }

  /** One slice: due timers, interrupts, guest code, and what came of it. */
  private slice(): Ending | 'idle' | undefined {
    const { board } = this;
    const { processor } = board;
    this.tiering.poll();
    board.runTimers();
    const reason = this.runSlice();
    this.tiering.endProfile();
    if (board.request !== undefined) return this.fulfil(board.request);
    switch (reason) {
      case 'triple fault':
        return { kind: 'died', reason: 'triple fault' };
      case 'out of memory':
        return { kind: 'out of memory' };
      case 'halt':
        if (processor.interruptsEnabled || board.nmiPending) return 'idle';
        return { kind: 'died', reason: 'halted with interrupts disabled' };
      case 'wait':
        return processor.takeWait() ? 'idle' : undefined;
      default:
        return undefined;
    }
  }

  private runSlice(): ExitReason {
    const { board } = this;
    const { processor, chipset, timers, clock } = board;
    while (processor.interruptShadow) {
      // STI and MOV SS hold interrupts back until the next instruction is done, which may be a MOV SS itself.
      processor.clearInterruptShadow();
      const reason = processor.trapFlag ? processor.singleStep() : processor.run(1);
      if (reason !== 'budget') return reason;
    }
    if (board.nmiPending && !processor.nmiBlocked) {
      board.nmiPending = false;
      processor.nmi();
    } else if (processor.interruptsEnabled && chipset.hasInterrupt()) {
      processor.interrupt(chipset.acknowledge());
    }
    processor.setInterruptPending(chipset.hasInterrupt(), board.nmiPending);
    if (processor.trapFlag) return processor.singleStep();
    const longest = Math.min(this.sliceLength, this.tiering.longestSlice);
    if (clock.kind === 'instructions') {
      return processor.run(Math.max(1, Math.min(longest, timers.nextDeadline() - clock.now())));
    }
    const start = this.options.host.now();
    const reason = processor.run(longest);
    this.adaptSlice(this.options.host.now() - start, reason);
    return reason;
  }

  /** After a slice that took `milliseconds`: code that the host is slow with is looked at as often as any other. */
  private adaptSlice(milliseconds: number, reason: ExitReason): void {
    if (milliseconds > SLICE_TIME) this.sliceLength = Math.max(SHORTEST_SLICE, this.sliceLength / 2);
    else if (reason === 'budget' && milliseconds < SLICE_TIME / 2)
      this.sliceLength = Math.min(LONGEST_SLICE, this.sliceLength * 2);
  }

  private fulfil(request: Request): Ending | undefined {
    if (request === 'power off' || request === 'out of memory') return { kind: request };
    if (typeof request === 'object') return { kind: 'debug exit', code: request.debugExit };
    if (!this.options.reboot) return { kind: 'restart' };
    this.resetRequested = true;
    return undefined;
  }

  private async restart(): Promise<void> {
    const unpacked = await startUnpacking(this.options, this.unpack);
    this.resetRequested = false;
    // What the guest said before is not said by the next one.
    this.flushOutput();
    this.stallWatch.restart();
    this.board.chipset.uart.reset();
    this.controlInput = new SerialLine();
    if (this.terminalSize !== undefined) this.controlInput.push(terminalSizeLine(this.terminalSize));
    ({ board: this.board, tiering: this.tiering } = this.powerOn());
    await this.begin(unpacked);
  }

  /** Halted: sleeps until the next timer, or until input wakes the machine. */
  private async idle(): Promise<void> {
    const { board } = this;
    const { chipset, timers, clock } = board;
    clock.halt();
    this.idling.start();
    this.options.onIdle(true);
    this.tellBiosVars();
    while (!chipset.hasInterrupt() && !board.nmiPending && !this.isAsked && board.request === undefined) {
      const deadline = timers.nextDeadline();
      const wait = clock.waitFor(deadline);
      if (wait > 0) {
        if (wait > LONG_SLEEP) void this.saveCode();
        const sleep = this.options.host.sleep(wait / 1e6);
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
      board.runTimers();
    }
    clock.resume();
    this.idling.stop();
    this.options.onIdle(false);
  }
}
