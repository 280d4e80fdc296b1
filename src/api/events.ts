/** The events of a Machine. */
import type { Ending } from '../machine/machine.ts';
import type { Stall } from '../machine/stall-watch.ts';
import type { Console } from './console.ts';
import type { BootStage } from './protocol.ts';

/** Option whose file is loaded. */
export type LoadedFile = 'kernel' | 'initrd' | 'bios';

/** How far a boot has come. */
export type Progress =
  | {
      readonly stage: 'loading';
      readonly what: LoadedFile;
      /** Bytes. */
      readonly loaded: number;
      /** Bytes, where it is known. */
      readonly total: number | undefined;
    }
  | { readonly stage: BootStage };

/** `output`: a console has sent bytes. */
export class OutputEvent extends Event {
  readonly console: Console;
  readonly bytes: Uint8Array<ArrayBuffer>;

  constructor(console: Console, bytes: Uint8Array<ArrayBuffer>) {
    super('output');
    this.console = console;
    this.bytes = bytes;
  }
}

/** `progress`: the boot has come to another stage. */
export class BootProgressEvent extends Event {
  readonly progress: Progress;

  constructor(progress: Progress) {
    super('progress');
    this.progress = progress;
  }
}

/** `stall`: the guest runs, but will never do anything again. Told once between restarts. */
export class StallEvent extends Event {
  readonly stall: Stall;

  constructor(stall: Stall) {
    super('stall');
    this.stall = stall;
  }
}

/** `ended`: run() is over. */
export class EndedEvent extends Event {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super('ended');
    this.ending = ending;
  }
}

/** `error`: the emulator has failed, and the machine is gone. */
export class MachineErrorEvent extends Event {
  readonly error: Error;

  constructor(error: Error) {
    super('error');
    this.error = error;
  }
}

export interface MachineEvents {
  readonly output: OutputEvent;
  readonly progress: BootProgressEvent;
  readonly stall: StallEvent;
  readonly ended: EndedEvent;
  readonly error: MachineErrorEvent;
}
