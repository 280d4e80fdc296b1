/** The machine's side of the public API: does what the Machine in another thread, or in this one, is asked. */
import type { Host } from '../../host/host.ts';
import { type Ending, Machine } from '../../machine/machine.ts';
import type { Call, FromThread, Link, Methods, Settings, ToThread } from '../protocol.ts';
import { BootWatch } from './boot-watch.ts';
import { OutputGate } from './output-gate.ts';
import { PacedHost } from './paced-host.ts';

/** Why the guest does not go on. */
type Hold = 'pause' | 'output';

type Handlers = {
  readonly [Name in keyof Methods]: (
    parameter: Parameters<Methods[Name]>[0],
  ) => ReturnType<Methods[Name]> | Promise<ReturnType<Methods[Name]>>;
};

/** Answers on a link until it is closed. */
export function serveMachine(link: Link<FromThread, ToThread>, host: Host): void {
  new Server(link, host);
}

class Server {
  private readonly link: Link<FromThread, ToThread>;
  private readonly host: PacedHost;
  private readonly watch: BootWatch;
  private readonly output: OutputGate;
  private machine: Machine | undefined;
  private readonly holds = new Set<Hold>();
  private release: () => void = () => {};
  private stopRequested = false;
  /** The machine's own run(), which ends when the guest is held. */
  private turn: Promise<Ending> | undefined;
  /** run(), while it runs. */
  private running: Promise<Ending> | undefined;

  private readonly handlers: Handlers = {
    create: (settings) => this.create(settings),
    run: async () => {
      if (this.running !== undefined) throw new Error('the machine runs already');
      this.stopRequested = false;
      this.running = this.run();
      try {
        return await this.running;
      } finally {
        this.running = undefined;
      }
    },
    pause: async () => {
      this.hold('pause', true);
      // What fails is told by run().
      await this.turn?.catch(() => {});
    },
    resume: () => this.hold('pause', false),
    stop: () => {
      this.stopRequested = this.running !== undefined;
      this.machine?.stop();
      this.release();
    },
    reset: () => {
      this.watch.restart();
      this.existing.reset();
    },
    powerButton: () => {
      this.existing.pressPowerButton();
    },
    sendBreak: () => {
      this.existing.sendBreak();
    },
    resizeTerminal: ({ columns, rows }) => {
      this.existing.resizeTerminal(columns, rows);
    },
    write: async ({ bytes }) => {
      if (!this.existing.sendSerial(bytes)) await this.existing.serialDrained();
    },
    statistics: () => this.existing.statistics(),
    readMemory: ({ address, length }) => this.existing.readMemory(address, length),
    biosVars: () => this.existing.biosVars,
    writeMemory: ({ address, bytes }) => {
      this.existing.writeMemory(address, bytes);
    },
    close: async () => {
      this.handlers.stop(undefined);
      await this.running?.catch(() => {});
      await this.machine?.saveCode();
      await this.machine?.close();
    },
  };

  constructor(link: Link<FromThread, ToThread>, host: Host) {
    this.link = link;
    this.watch = new BootWatch(
      () => host.now(),
      (stage) => {
        this.output.flush();
        link.post({ kind: 'stage', stage });
      },
    );
    this.output = new OutputGate({
      now: () => host.now(),
      send: (bytes) => link.post({ kind: 'output', console: 0, bytes }, [bytes.buffer]),
      hold: (held) => this.hold('output', held),
    });
    this.host = new PacedHost(host, () => this.output.flush());
    link.listen((message) => {
      if (message.kind === 'call') void this.answer(message);
      else this.output.taken(message.bytes);
    });
  }

  private get existing(): Machine {
    if (this.machine === undefined) throw new Error('there is no machine yet');
    return this.machine;
  }

  private async answer({ id, method, parameter }: Call): Promise<void> {
    try {
      const handle = this.handlers[method] as (parameter: unknown) => unknown;
      this.link.post({ kind: 'result', id, value: await handle(parameter) });
    } catch (thrown) {
      const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.link.post({ kind: 'thrown', id, error: { name, message, stack } });
    }
  }

  private async create(settings: Settings): Promise<undefined> {
    this.machine = await Machine.create({
      ...settings,
      host: this.host,
      onSerialOutput: (bytes) => {
        this.output.add(bytes);
        this.watch.output(bytes);
      },
      onIdle: (idle) => this.watch.sleeping(idle),
      onStall: (stall) => {
        this.output.flush();
        this.link.post({ kind: 'stall', stall });
      },
    });
  }

  private async run(): Promise<Ending> {
    try {
      for (;;) {
        await this.released();
        if (this.stopRequested) return { kind: 'stopped' };
        this.turn = this.existing.run();
        const ending = await this.turn;
        // A machine that was only held is run again.
        if (ending.kind !== 'stopped') return ending;
      }
    } finally {
      this.output.flush();
    }
  }

  /** Resolves when nothing holds the guest, or it has been stopped. */
  private async released(): Promise<void> {
    while (this.holds.size > 0 && !this.stopRequested) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
    }
  }

  private hold(reason: Hold, held: boolean): undefined {
    if (held) {
      this.holds.add(reason);
      if (reason === 'pause') this.host.pause();
      this.machine?.stop();
      return;
    }
    this.holds.delete(reason);
    if (reason === 'pause') this.host.resume();
    if (this.holds.size === 0) this.release();
  }
}
