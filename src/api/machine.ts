/** The public API: a machine in a thread of its own, the same in Node, in a page and in a worker. */
import { InputError } from '../boot/input-error.ts';
import type { Ending } from '../machine/machine.ts';
import type { Statistics } from '../machine/statistics.ts';
import { Console } from './console.ts';
import { assertEngine } from './engine.ts';
import {
  BootProgressEvent,
  EndedEvent,
  type LoadedFile,
  MachineErrorEvent,
  type MachineEvents,
  OutputEvent,
  type Progress,
  StallEvent,
} from './events.ts';
import type { MachineThread, Platform } from './platform.ts';
import type { FromThread, Methods, Settings, ThrownError } from './protocol.ts';
import { readSource, type Source } from './source.ts';

export interface MachineOptions extends Omit<Settings, 'kernel' | 'initrd' | 'bios'> {
  /** A file that can be booted: for Linux a bzImage. May be missing where there is a firmware image. */
  readonly kernel?: Source | undefined;
  /** A firmware image, 64 KiB to 16 MiB, which the processor starts in; it is handed the kernel. None by default. */
  readonly bios?: Source | undefined;
  /** An initramfs, in any format the kernel unpacks, or several. */
  readonly initrd?: Source | readonly ModuleSource[];
  /**
   * Where the machine runs. `worker`, the default: in a thread of its own. `here`: in the caller's, which does other
   * things only every few milliseconds while the guest computes.
   */
  readonly thread?: 'worker' | 'here';
  /** Told how far the boot is: the loading, and then what the event `progress` tells. */
  readonly onProgress?: (progress: Progress) => void;
  /** Gives up creating the machine. */
  readonly signal?: AbortSignal;
}

/** A file loaded beside the kernel: an initramfs, or a Multiboot module with its arguments. */
export interface ModuleSource {
  readonly data: Source;
  /** For Multiboot kernels; Linux takes none. */
  readonly commandLine?: string;
}

type Pending = { resolve(value: unknown): void; reject(error: Error): void };

type Listener<Type extends keyof MachineEvents> =
  | ((event: MachineEvents[Type]) => void)
  | { handleEvent(event: MachineEvents[Type]): void };

/**
 * A machine with the kernel in its memory. Its methods give promises, which reject with an Error once it is closed.
 *
 * Events: `output` (OutputEvent), `progress` (BootProgressEvent), `stall` (StallEvent), `ended` (EndedEvent), `error`
 * (MachineErrorEvent).
 */
export class Machine extends EventTarget implements AsyncDisposable {
  /** The serial ports, COM1 first. */
  readonly consoles: readonly Console[];
  private readonly thread: MachineThread;
  private readonly calls = new Map<number, Pending>();
  private readonly gone = new AbortController();
  private readonly onProgress: ((progress: Progress) => void) | undefined;
  private nextId = 1;

  /** What the entry points offer as Machine.create. */
  static async create(platform: Platform, options: MachineOptions): Promise<Machine> {
    const { kernel, bios, initrd = [], thread = 'worker', onProgress, signal, ...settings } = options;
    assertEngine();
    if (thread !== 'worker' && thread !== 'here') {
      throw new InputError(`thread: ${String(thread)} is neither 'worker' nor 'here'`);
    }
    const read = async (what: LoadedFile, source: Source): Promise<Uint8Array<ArrayBuffer>> => {
      const progress = (loaded: number, total: number | undefined): void =>
        onProgress?.({ stage: 'loading', what, loaded, total });
      return await readSource(what, source, platform, progress, signal);
    };
    const modules: readonly ModuleSource[] = Array.isArray(initrd) ? initrd : [{ data: initrd as Source }];
    const hasKernel = kernel !== undefined || bios === undefined;
    // The thread starts while the files are on their way.
    const starting = (async () => (thread === 'worker' ? platform.startThread() : platform.startHere()))();
    try {
      // What fails first is told.
      const [started, kernelBytes, biosBytes, ...moduleBytes] = await Promise.all([
        starting,
        hasKernel ? read('kernel', kernel as Source) : undefined,
        bios === undefined ? undefined : read('bios', bios),
        ...modules.map(({ data }) => read('initrd', data)),
      ]);
      const machine = new Machine(started, onProgress);
      const loaded = modules.map((module, i) => ({ ...module, data: moduleBytes[i] as Uint8Array }));
      await machine.call(
        'create',
        { ...settings, kernel: kernelBytes, bios: biosBytes, initrd: loaded },
        [kernelBytes, biosBytes, ...moduleBytes]
          .filter((bytes) => bytes !== undefined)
          .map(({ buffer }) => buffer),
      );
      signal?.throwIfAborted();
      return machine;
    } catch (error) {
      // A thread that has not started need not end.
      await starting.then(
        (started) => started.end(),
        () => {},
      );
      throw error;
    }
  }

  private constructor(thread: MachineThread, onProgress: ((progress: Progress) => void) | undefined) {
    super();
    this.thread = thread;
    this.onProgress = onProgress;
    this.consoles = ['ttyS0'].map(
      (name, console) =>
        new Console(name, {
          write: (bytes) => this.call('write', { console, bytes }, [bytes.buffer]),
          ended: this.gone.signal,
        }),
    );
    thread.listen((message) => this.receive(message));
    thread.onFailure((error) => this.fail(error));
  }

  /** The first serial port. */
  get console(): Console {
    return this.consoles[0] as Console;
  }

  /** Runs until the guest ends, or stop(). After stop() or reset() it can be called again. */
  async run(): Promise<Ending> {
    try {
      const ending = await this.call('run', undefined);
      this.dispatchEvent(new EndedEvent(ending));
      return ending;
    } catch (error) {
      // A thread that died has told it already.
      if (!this.gone.signal.aborted) this.dispatchEvent(new MachineErrorEvent(error as Error));
      throw error;
    }
  }

  /** Holds the guest, and its clock with it. run() stays pending. */
  async pause(): Promise<void> {
    await this.call('pause', undefined);
  }

  /** Lets a paused guest go on. */
  async resume(): Promise<void> {
    await this.call('resume', undefined);
  }

  /** Makes run() return. */
  async stop(): Promise<void> {
    await this.call('stop', undefined);
  }

  /** The reset button: the machine starts anew, with empty memory and the same kernel. */
  async reset(): Promise<void> {
    await this.call('reset', undefined);
  }

  /** The ACPI power button: asks the guest to shut down. */
  async powerButton(): Promise<void> {
    await this.call('powerButton', undefined);
  }

  /** A break on the first serial port: Linux takes the next character as a magic SysRq key. */
  async sendBreak(): Promise<void> {
    await this.call('sendBreak', undefined);
  }

  /**
   * Tells the guest the size of the terminal at its console, in characters, each 1 to 65535: at the start and whenever
   * it changes. It comes as a line `ROWS COLUMNS` on the second serial port.
   */
  async resizeTerminal(columns: number, rows: number): Promise<void> {
    await this.call('resizeTerminal', { columns, rows });
  }

  async statistics(): Promise<Statistics> {
    return await this.call('statistics', undefined);
  }

  /**
   * Reads guest RAM.
   * @param address guest-physical. @param length bytes.
   * Rejects with a RangeError where there is no RAM.
   */
  async readMemory(address: number, length: number): Promise<Uint8Array> {
    return await this.call('readMemory', { address, length });
  }

  /** What the firmware image's variable store, given as `biosVars`, has in it now; undefined without one. */
  async biosVars(): Promise<Uint8Array | undefined> {
    return await this.call('biosVars', undefined);
  }

  /** Writes guest RAM, code included. @param address guest-physical. */
  async writeMemory(address: number, bytes: Uint8Array): Promise<void> {
    await this.call('writeMemory', { address, bytes });
  }

  /** Waits for a text on the first serial port: see Console.waitForText. */
  async waitForText(text: string | RegExp, options: { readonly signal?: AbortSignal } = {}): Promise<string> {
    return await this.console.waitForText(text, options);
  }

  /** Ends the machine, its threads and streams. run() returns; what else is pending rejects. */
  async close(): Promise<void> {
    if (this.gone.signal.aborted) return;
    await this.call('close', undefined).catch(() => {});
    this.end(new Error('the machine is closed'));
    await this.thread.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  override addEventListener<Type extends keyof MachineEvents>(
    type: Type,
    listener: Listener<Type> | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListenerOrEventListenerObject, options);
  }

  override removeEventListener<Type extends keyof MachineEvents>(
    type: Type,
    listener: Listener<Type> | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListenerOrEventListenerObject, options);
  }

  private call<Name extends keyof Methods>(
    method: Name,
    parameter: Parameters<Methods[Name]>[0],
    transfer?: ArrayBuffer[],
  ): Promise<ReturnType<Methods[Name]>> {
    const { signal } = this.gone;
    if (signal.aborted) return Promise.reject(signal.reason);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.thread.post({ kind: 'call', id, method, parameter }, transfer);
    });
  }

  private receive(message: FromThread): void {
    switch (message.kind) {
      case 'result':
        this.settle(message.id)?.resolve(message.value);
        break;
      case 'thrown':
        this.settle(message.id)?.reject(revive(message.error));
        break;
      case 'output':
        void this.takeOutput(message.console, message.bytes);
        break;
      case 'stage':
        this.onProgress?.({ stage: message.stage });
        this.dispatchEvent(new BootProgressEvent({ stage: message.stage }));
        break;
      case 'stall':
        this.dispatchEvent(new StallEvent(message.stall));
    }
  }

  private settle(id: number): Pending | undefined {
    const pending = this.calls.get(id);
    this.calls.delete(id);
    return pending;
  }

  private async takeOutput(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const console = this.consoles[index] as Console;
    this.dispatchEvent(new OutputEvent(console, bytes));
    await console.deliver(bytes);
    if (!this.gone.signal.aborted) this.thread.post({ kind: 'taken', bytes: bytes.length });
  }

  private fail(error: Error): void {
    if (this.gone.signal.aborted) return;
    this.end(error);
    this.dispatchEvent(new MachineErrorEvent(error));
  }

  private end(reason: Error): void {
    this.gone.abort(reason);
    for (const { reject } of this.calls.values()) reject(reason);
    this.calls.clear();
  }
}

function revive({ name, message, stack }: ThrownError): Error {
  const kinds: Readonly<Record<string, new (message: string) => Error>> = { InputError, RangeError };
  const error = new (kinds[name] ?? Error)(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
