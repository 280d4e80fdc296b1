/** One boot in a process of its own, which boot-loop.ts can stop: options as JSON in the argument, messages back. */
import { readFileSync } from 'node:fs';
import { NodeHost } from '../../src/host/node/host.ts';
import { type Ending, Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';

export interface BootOptions {
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly tier: NonNullable<MachineOptions['tier']>;
  readonly clock: NonNullable<MachineOptions['clock']>;
  readonly seed: number;
  /** The parent is told when the guest has printed this. */
  readonly landmark: string | undefined;
}

export interface Boot {
  readonly ending: Ending;
  readonly log: string;
  readonly instructions: number;
  readonly interrupts: number;
  /** Of ports and of device memory. */
  readonly accesses: number;
  readonly seconds: number;
}

export type BootMessage = { readonly kind: 'landmark' } | { readonly kind: 'end'; readonly boot: Boot };

function send(message: BootMessage): void {
  process.send?.(message);
}

const options = JSON.parse(process.argv[2] as string) as BootOptions;
const { kernel, initrd, landmark, ...rest } = options;
const start = performance.now();
let log = '';
let awaited = landmark;
const machine = await Machine.create({
  ...rest,
  host: new NodeHost(),
  kernel: readFileSync(kernel),
  initrd: readFileSync(initrd),
  reboot: false,
  onSerialOutput: (bytes) => {
    log += Buffer.from(bytes).toString('latin1');
    if (awaited === undefined || !log.includes(awaited)) return;
    awaited = undefined;
    send({ kind: 'landmark' });
  },
});
const ending = await machine.run();
const { instructions, events, accesses } = machine.statistics();
send({
  kind: 'end',
  boot: {
    ending,
    log,
    instructions: instructions.total,
    interrupts: events.interrupts,
    accesses: accesses.port + accesses.mmio,
    seconds: (performance.now() - start) / 1000,
  },
});
await machine.close();
process.disconnect?.();
