/**
 * Boots the downloaded guest many times and compares what it says. With the instruction clock all logs must be
 * the same, byte for byte; with either clock every boot must reach power-off without a complaint of the kernel.
 * Usage: node scripts/boot-loop.ts [--boots 20] [--tier auto|interpreter|compiled] [--clock instructions|host]
 *        [--seed 1] [--append <kernel words>] [--keep <folder for logs that differ>]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchGuest } from '../src/host/node/guest.ts';
import { NodeHost } from '../src/host/node/host.ts';
import { type Ending, Machine, type MachineOptions } from '../src/machine/machine.ts';
import { complaints } from '../test/boot-linux/kernel-log.ts';

const { values } = parseArgs({
  options: {
    boots: { type: 'string', default: '20' },
    tier: { type: 'string', default: 'auto' },
    clock: { type: 'string', default: 'instructions' },
    seed: { type: 'string', default: '1' },
    append: { type: 'string', default: 'longmode.run=poweroff' },
    keep: { type: 'string' },
  },
});

const guest = await fetchGuest({
  cacheFolder: fileURLToPath(new URL('../.cache/guest', import.meta.url)),
  progress: (message) => console.error(message),
});
const kernel = readFileSync(guest.kernel);
const initrd = readFileSync(guest.initrd);

interface Boot {
  readonly ending: Ending;
  readonly log: string;
  readonly instructions: number;
  readonly interrupts: number;
  readonly seconds: number;
}

async function boot(): Promise<Boot> {
  const start = performance.now();
  let log = '';
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel,
    initrd,
    commandLine: `console=ttyS0 ${values.append}`,
    tier: values.tier as NonNullable<MachineOptions['tier']>,
    clock: values.clock as NonNullable<MachineOptions['clock']>,
    seed: Number(values.seed),
    reboot: false,
    onSerialOutput: (bytes) => {
      log += Buffer.from(bytes).toString('latin1');
    },
  });
  try {
    const ending = await machine.run();
    const { instructions, events } = machine.statistics();
    const seconds = (performance.now() - start) / 1000;
    return { ending, log, instructions: instructions.total, interrupts: events.interrupts, seconds };
  } finally {
    await machine.close();
  }
}

/** The first line that is not the same, of each. */
function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\r\n'), b.split('\r\n')];
  const line = left.findIndex((text, index) => text !== right[index]);
  return `line ${line + 1}: ${JSON.stringify(left[line])} became ${JSON.stringify(right[line])}`;
}

/** What is wrong with a boot, compared to the first one. */
function faults(first: Boot, { ending, log, instructions, interrupts }: Boot): string[] {
  const found = complaints(log).map((line) => `the kernel complains: ${line}`);
  if (ending.kind !== 'power off') found.push(`ended with ${JSON.stringify(ending)}`);
  if (values.clock === 'host') return found;
  if (log !== first.log) found.push(firstDifference(first.log, log));
  if (instructions !== first.instructions)
    found.push(`${first.instructions} instructions became ${instructions}`);
  if (interrupts !== first.interrupts) found.push(`${first.interrupts} interrupts became ${interrupts}`);
  return found;
}

const seconds: number[] = [];
let first: Boot | undefined;
let good = 0;
for (let number = 1; number <= Number(values.boots); number++) {
  const result = await boot();
  first ??= result;
  seconds.push(result.seconds);
  const found = faults(first, result);
  if (found.length === 0) good += 1;
  console.log(
    `boot ${number}: ${result.seconds.toFixed(1)} s, ${found.length === 0 ? 'good' : found.join('; ')}`,
  );
  if (values.keep !== undefined && (number === 1 || found.length > 0)) {
    mkdirSync(values.keep, { recursive: true });
    writeFileSync(join(values.keep, `boot-${number}.log`), result.log, 'latin1');
  }
}
seconds.sort((a, b) => a - b);
const [median, least, most] = [seconds[seconds.length >> 1], seconds[0], seconds.at(-1)];
console.log(
  `${good} of ${seconds.length} boots good (${values.tier}, ${values.clock} clock); ` +
    `${median?.toFixed(1)} s (${least?.toFixed(1)} to ${most?.toFixed(1)})`,
);
if (good < seconds.length) process.exitCode = 1;
