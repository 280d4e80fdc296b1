/**
 * What the two sides of a machine say to each other: the Machine that a program holds (machine.ts), and the thread
 * the machine runs in (thread/server.ts). Everything can be cloned to another thread.
 */
import type { Ending } from '../machine/machine.ts';
import type { MachineOptions as CoreOptions } from '../machine/options.ts';
import type { Stall } from '../machine/stall-watch.ts';
import type { Statistics } from '../machine/statistics.ts';
import type { TerminalSize } from '../machine/terminal-size.ts';

/** Stages of a boot after loading, in their order. */
export type BootStage =
  /** The kernel has written its first line. */
  | 'kernel'
  /** The kernel starts the first process; told by its log, so not where `quiet` keeps it from the console. */
  | 'init'
  /** After `init`, the guest waits for something to do for the first time. */
  | 'idle';

/** The options of a machine as they travel: everything loaded. */
export type Settings = Omit<
  CoreOptions,
  'host' | 'onIdle' | 'onSerialOutput' | 'onFirmwareMessage' | 'onBiosVars' | 'onStall'
>;

/** What can be asked of the thread, with what it answers. Methods have one parameter or none. */
export interface Methods {
  create(settings: Settings): undefined;
  run(): Ending;
  pause(): undefined;
  resume(): undefined;
  stop(): undefined;
  reset(): undefined;
  powerButton(): undefined;
  sendBreak(): undefined;
  resizeTerminal(size: TerminalSize): undefined;
  write(input: ConsoleBytes): undefined;
  statistics(): Statistics;
  readMemory(range: { readonly address: number; readonly length: number }): Uint8Array<ArrayBuffer>;
  biosVars(): Uint8Array<ArrayBuffer> | undefined;
  writeMemory(change: { readonly address: number; readonly bytes: Uint8Array }): undefined;
  close(): undefined;
}

export interface ConsoleBytes {
  /** Index among the machine's consoles. */
  readonly console: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Call<Name extends keyof Methods = keyof Methods> {
  readonly kind: 'call';
  readonly id: number;
  readonly method: Name;
  readonly parameter: Parameters<Methods[Name]>[0];
}

/** Bytes of output that were taken: the thread holds the guest while too many are not. */
export interface Taken {
  readonly kind: 'taken';
  readonly bytes: number;
}

export type ToThread = Call | Taken;

/** An error on its way to the other side. */
export interface ThrownError {
  /** `InputError`: an input that cannot be used, which is not the emulator's fault. */
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export type FromThread =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'thrown'; readonly id: number; readonly error: ThrownError }
  | ({ readonly kind: 'output' } & ConsoleBytes)
  | { readonly kind: 'stage'; readonly stage: BootStage }
  | { readonly kind: 'stall'; readonly stall: Stall };

/** One end of the connection. */
export interface Link<Send, Receive> {
  /** @param transfer buffers that the sender gives away. */
  post(message: Send, transfer?: ArrayBuffer[]): void;
  /** Replaces who is told of messages. */
  listen(receive: (message: Receive) => void): void;
}
