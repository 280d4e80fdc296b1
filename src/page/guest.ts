/** The machine of the page: one at a time, made anew by each boot. */
import { Machine, type MachineOptions, type Progress, type Stall, type Statistics } from 'longmode';
import type { Choices } from './choices.ts';

export type State = 'loading' | 'running' | 'paused' | 'ended' | 'failed';

/** What to boot: files the visitor has given come before what is chosen by URL. */
export interface BootRequest {
  readonly choices: Choices;
  readonly kernelFile?: File | undefined;
  readonly initrdFile?: File | undefined;
}

export interface GuestEvents {
  /** @param detail in a few words, or empty. */
  state(state: State, detail: string): void;
  progress(progress: Progress): void;
  /** Another machine has taken the place of the one before. */
  changed(): void;
  /** Output; the guest waits until it resolves. */
  output(bytes: Uint8Array): Promise<void>;
  /** The guest runs, but will never do anything again. */
  stalled(stall: Stall): void;
  /** Something went wrong. */
  failed(error: Error): void;
}

const DEMO = { kernel: 'guest/vmlinuz', initrd: 'guest/initrd.cpio' };
/** Where compiled code is kept: no name that the page's service worker cleans up. */
const CODE_CACHE = 'longmode-code';
const MIB = 2 ** 20;

const ENDINGS: Readonly<Record<string, string>> = {
  'power off': 'The guest has powered off',
  restart: 'The guest has restarted',
  died: 'The guest has died',
  'out of memory': 'The guest wanted more memory than this browser gives',
  stopped: 'Stopped',
};

export class Guest {
  private readonly events: GuestEvents;
  private readonly isReady: Promise<void>;
  private machine: Machine | undefined;
  private booting: AbortController | undefined;
  private isPaused = false;
  private hasEnded = false;

  /** @param isReady before that no machine runs, and only states, loading and failures are told. */
  constructor(events: GuestEvents, isReady: Promise<void>) {
    this.events = events;
    this.isReady = isReady;
  }

  /** Boots; a machine that runs is replaced, but only if the new one can be made. */
  async boot(request: BootRequest): Promise<void> {
    this.booting?.abort();
    const booting = new AbortController();
    this.booting = booting;
    this.events.state('loading', '');
    let machine: Machine;
    try {
      machine = await Machine.create({
        ...optionsOf(request),
        codeCache: CODE_CACHE,
        signal: booting.signal,
        onProgress: (progress) => {
          if (progress.stage === 'loading' && !booting.signal.aborted) this.events.progress(progress);
        },
      });
    } catch (error) {
      // Not when the visitor has chosen something else meanwhile.
      if (booting.signal.aborted) return;
      this.events.failed(error as Error);
      this.tellState();
      return;
    }
    await this.isReady;
    if (booting.signal.aborted) return await machine.close();
    await this.machine?.close();
    this.machine = machine;
    this.events.changed();
    machine.addEventListener('progress', ({ progress }) => {
      if (machine === this.machine) this.events.progress(progress);
    });
    machine.addEventListener('stall', ({ stall }) => {
      if (machine === this.machine) this.events.stalled(stall);
    });
    this.show(machine);
    this.run(machine);
  }

  type(input: Uint8Array | string): void {
    // A machine that has gone takes no input.
    void this.machine?.console.write(input).catch(() => {});
  }

  /** Tells the guest the size of its terminal, in characters. */
  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    void this.machine?.resizeTerminal(columns, rows).catch(() => {});
  }

  async togglePause(): Promise<void> {
    this.isPaused = !this.isPaused;
    await (this.isPaused ? this.machine?.pause() : this.machine?.resume());
    this.tellState();
  }

  /** The reset button, which also starts a machine that has ended. */
  async reset(): Promise<void> {
    const { machine } = this;
    if (machine === undefined) return;
    if (this.isPaused) await this.togglePause();
    await machine.reset();
    this.events.changed();
    if (this.hasEnded) this.run(machine);
  }

  async powerButton(): Promise<void> {
    await this.machine?.powerButton();
  }

  /** Undefined while there is no machine. */
  async statistics(): Promise<Statistics | undefined> {
    return await this.machine?.statistics().catch(() => undefined);
  }

  private run(machine: Machine): void {
    this.isPaused = false;
    this.hasEnded = false;
    this.tellState();
    machine.run().then(
      (ending) => {
        if (machine !== this.machine) return;
        this.hasEnded = true;
        const reason = ending.kind === 'died' ? ` (${ending.reason})` : '';
        this.events.state('ended', `${ENDINGS[ending.kind]}${reason}`);
      },
      (error: Error) => {
        if (machine !== this.machine) return;
        this.machine = undefined;
        this.events.failed(error);
        this.tellState();
      },
    );
  }

  private async show(machine: Machine): Promise<void> {
    const reader = machine.console.output.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (machine === this.machine) await this.events.output(value);
    }
  }

  private tellState(): void {
    if (this.machine === undefined) this.events.state('failed', 'No machine');
    else if (!this.hasEnded) this.events.state(this.isPaused ? 'paused' : 'running', '');
    else this.events.state('ended', '');
  }
}

function optionsOf({ choices, kernelFile, initrdFile }: BootRequest): MachineOptions {
  const kernel = kernelFile ?? (choices.kernel || DEMO.kernel);
  const isDemo = kernel === DEMO.kernel;
  const initrd = initrdFile ?? (choices.initrd || (isDemo ? DEMO.initrd : undefined));
  return {
    kernel,
    ...(initrd === undefined ? {} : { initrd }),
    commandLine: choices.append,
    memorySize: choices.memory * MIB,
    clock: choices.clock,
    tier: choices.tier,
  };
}
