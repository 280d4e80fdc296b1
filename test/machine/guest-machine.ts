/** A machine with a guest of a few instructions, and what it sent. */
import { NodeHost } from '../../src/host/node/host.ts';
import { type Ending, Machine } from '../../src/machine/machine.ts';
import { makeKernel } from '../cli/guests.ts';

export class GuestMachine {
  readonly machine: Machine;
  private readonly sent: number[];

  static async create(code: readonly number[]): Promise<GuestMachine> {
    const sent: number[] = [];
    const machine = await Machine.create({
      host: new NodeHost(),
      kernel: makeKernel(code),
      memorySize: 2 ** 26,
      tier: 'interpreter',
      onSerialOutput: (bytes) => sent.push(...bytes),
    });
    return new GuestMachine(machine, sent);
  }

  private constructor(machine: Machine, sent: number[]) {
    this.machine = machine;
    this.sent = sent;
  }

  /** All that the guest has sent. */
  get text(): string {
    return String.fromCharCode(...this.sent);
  }

  type(text: string): boolean {
    return this.machine.sendSerial(new TextEncoder().encode(text));
  }

  /** Runs until what the guest has sent matches, then stops it; an error if the guest ends before. */
  async runUntil(pattern: RegExp): Promise<void> {
    let ending: Ending | undefined;
    const running = this.machine.run().then((value) => {
      ending = value;
    });
    while (!pattern.test(this.text)) {
      if (ending !== undefined) throw new Error(`the guest ended (${ending.kind}) before it sent ${pattern}`);
      await Promise.race([running, new Promise(setImmediate)]);
    }
    this.machine.stop();
    await running;
  }
}
