/** Boots Debian's kernel with the initramfs of scripts/initramfs, and talks to it over the serial line. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { guestCacheFolder } from '../../src/cli/guest-cache.ts';
import type { Host } from '../../src/host/host.ts';
import { fetchGuest, type GuestKernel } from '../../src/host/node/guest.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { type Ending, Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import type { Statistics } from '../../src/machine/statistics.ts';

const MIB = 1024 * 1024;

export interface Guest {
  readonly kernel: Uint8Array;
  readonly initrd: Uint8Array;
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

/** The guest, downloaded if need be; undefined where there is none and no apt to get it with. */
export async function findGuest(kind: GuestKernel = 'cloud'): Promise<Guest | undefined> {
  const cacheFolder = kind === 'cloud' ? guestCacheFolder() : `${guestCacheFolder()}-${kind}`;
  if (!existsSync(join(cacheFolder, 'modules')) && !isInstalled('apt-get')) {
    console.warn(`skipped: no guest in ${cacheFolder} and no apt to download one with (npm run fetch-guest)`);
    return undefined;
  }
  const { kernel, initrd } = await fetchGuest({
    kind,
    cacheFolder,
    progress: (message) => console.log(message),
  });
  return { kernel: await readFile(kernel), initrd: await readFile(initrd) };
}

/** What apt says of a package that there is not, when it has all package lists. */
const NO_SUCH_PACKAGE = /No packages found|Unable to locate package|depends on no /;

/** The same with a 32-bit kernel; undefined also where Debian has none: 12 is the last release with them. */
export async function findGuest32(kind: '686' | '686-pae'): Promise<Guest | undefined> {
  return await findGuest(kind).catch((error: Error) => {
    if (!NO_SUCH_PACKAGE.test(error.message)) throw error;
    console.warn(`skipped: no ${kind} kernel: ${error.message}`);
    return undefined;
  });
}

/** The kernel word that makes the initramfs run these shell commands and power off. */
export function scriptWord(commands: string): string {
  return `longmode.script=${Buffer.from(commands).toString('base64')}`;
}

/** Leaves out the kernel's self-tests of its ciphers, which are half of the boot. */
export const NO_CIPHER_TESTS = 'cryptomgr.notests';

export type SessionOptions = Pick<
  MachineOptions,
  | 'entry'
  | 'bios'
  | 'biosVars'
  | 'onBiosVars'
  | 'tier'
  | 'clock'
  | 'seed'
  | 'reboot'
  | 'memorySize'
  | 'cpu'
  | 'onStall'
> & {
  /** Kernel words beside console=ttyS0. */
  readonly append?: string;
  readonly host?: Host;
};

/** A running guest. */
export class Session {
  readonly machine: Machine;
  readonly ended: Promise<Ending>;
  private readonly log: { text: string; changed: () => void };
  private position = 0;

  static async start(
    guest: Partial<Guest>,
    { append = '', host = new NodeHost(), ...options }: SessionOptions,
  ): Promise<Session> {
    const log: Session['log'] = { text: '', changed: () => {} };
    const machine = await Machine.create({
      memorySize: 512 * MIB,
      ...options,
      ...guest,
      host,
      commandLine: `console=ttyS0 ${append}`.trim(),
      onSerialOutput: (bytes) => {
        log.text += Buffer.from(bytes).toString('latin1');
        log.changed();
      },
    });
    return new Session(machine, log, () => machine.close());
  }

  private constructor(machine: Machine, log: Session['log'], close: () => Promise<void>) {
    this.machine = machine;
    this.log = log;
    this.ended = machine.run().finally(close);
  }

  /** Everything the guest sent, one character a byte. */
  get output(): string {
    return this.log.text;
  }

  /** Waits for output that has not been waited for yet, and returns the match. */
  async waitFor(pattern: RegExp, seconds = 300): Promise<RegExpMatchArray> {
    const { log } = this;
    const found = new Promise<RegExpMatchArray>((resolve) => {
      log.changed = () => {
        const match = log.text.slice(this.position).match(pattern);
        if (match === null) return;
        this.position += (match.index as number) + match[0].length;
        log.changed = () => {};
        resolve(match);
      };
      log.changed();
    });
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`${seconds} s went by`), seconds * 1000);
    });
    const ended = this.ended.then((ending) => `the guest ended (${ending.kind})`);
    try {
      const result = await Promise.race([found, expired, ended]);
      if (typeof result !== 'string') return result;
      throw new Error(`${result} before ${pattern} came; the end of the output:\n${log.text.slice(-500)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types a text, key after key. */
  type(text: string): void {
    for (const byte of Buffer.from(text, 'latin1')) this.machine.sendSerial(Uint8Array.of(byte));
  }

  /** Stops the machine if it still runs. */
  async stop(): Promise<Ending> {
    this.machine.stop();
    return await this.ended;
  }
}

export interface Run {
  readonly ending: Ending;
  readonly output: string;
  readonly statistics: Statistics;
}

/** Runs a guest that ends by itself. */
export async function boot(guest: Guest, options: SessionOptions): Promise<Run> {
  const session = await Session.start(guest, options);
  const ending = await session.ended;
  return { ending, output: session.output, statistics: session.machine.statistics() };
}
