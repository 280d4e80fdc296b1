/**
 * A guest that is hard on the emulator for a long time: stress-ng, code that writes code, repeated string instructions.
 * At random moments stop() is called as a key press would call it, and the time is taken until run() returns; then the
 * guest goes on. It fails if an answer took longer than 200 ms, memory grew beyond what the guest touched and
 * 400 MB, or the guest found a wrong result.
 * Usage: node scripts/soak.ts [--minutes 20] [--memory 512] [--tier auto]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchGuest } from '../src/host/node/guest.ts';
import { NodeHost } from '../src/host/node/host.ts';
import { Machine } from '../src/machine/machine.ts';
import type { MachineOptions } from '../src/machine/options.ts';
import { soakFiles } from './soak/initramfs.ts';

/** Milliseconds. */
const LONGEST_ANSWER = 200;
/** Bytes beyond what the guest has touched. */
const MOST_OVERHEAD = 400e6;
/** Longest time between two stops, in milliseconds. */
const LONGEST_PAUSE = 4000;
const REPORT_EVERY = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    memory: { type: 'string', default: '512' },
    tier: { type: 'string', default: 'auto' },
  },
});
const milliseconds = Number(values.minutes) * 60_000;

/** Runs in the guest until it is stopped from outside; says so if something goes wrong. */
const SCRIPT = `
workload jit &
workload rep &
# Not as root: the exec stressor refuses that.
mkdir -p /etc
echo 'user::1000:1000::/tmp:/bin/sh' >/etc/passwd
chmod 777 /tmp
su user -c 'cd /tmp; stress-ng --cpu 1 --vm 1 --vm-bytes 48M --fork 1 --timer 1 --timer-freq 1000 --signal 1 --exec 1 \\
  --verify --timeout ${Math.ceil(milliseconds / 1000) + 600}s'
echo "soak: stress-ng ended with $?"
`;

const guest = await fetchGuest({
  cacheFolder: fileURLToPath(new URL('../.cache/guest', import.meta.url)),
  progress: (message) => console.error(message),
});
let output = '';
const machine = await Machine.create({
  host: new NodeHost(),
  kernel: readFileSync(guest.kernel),
  initrd: Buffer.concat([readFileSync(guest.initrd), soakFiles()]),
  commandLine: `console=ttyS0 quiet longmode.script=${Buffer.from(SCRIPT).toString('base64')}`,
  memorySize: Number(values.memory) * 2 ** 20,
  tier: values.tier as NonNullable<MachineOptions['tier']>,
  onSerialOutput: (bytes) => {
    const text = Buffer.from(bytes).toString('latin1');
    output += text;
    process.stderr.write(text);
  },
});

const answers: number[] = [];
const start = performance.now();
const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
let mostOverhead = 0;
let nextReport = start + REPORT_EVERY;

function measureMemory(): void {
  const resident = process.memoryUsage.rss();
  const touched = machine.statistics().memory.ramTouched;
  mostOverhead = Math.max(mostOverhead, resident - touched);
  if (performance.now() < nextReport) return;
  nextReport += REPORT_EVERY;
  const { regions } = machine.statistics();
  console.log(
    `${Math.round((performance.now() - start) / 60_000)} min: ${megabytes(resident)} MB, of them ${megabytes(touched)} MB ` +
      `guest RAM; slowest of ${answers.length} answers ${Math.max(...answers).toFixed(0)} ms; ${JSON.stringify(regions)}`,
  );
}

let ending = 'stopped';
while (performance.now() - start < milliseconds) {
  const wanted = performance.now() + Math.random() * LONGEST_PAUSE;
  const timer = setTimeout(() => machine.stop(), wanted - performance.now());
  const { kind } = await machine.run();
  clearTimeout(timer);
  if (kind !== 'stopped') {
    ending = kind;
    break;
  }
  answers.push(performance.now() - wanted);
  measureMemory();
}
await machine.close();

answers.sort((a, b) => a - b);
const slowest = answers.at(-1) ?? 0;
const wrong = /soak: |workload: |stress-ng: (fail|error)|BUG:|panic|Oops/.exec(output);
console.log(
  `${values.minutes} min: ${answers.length} answers, median ${answers[answers.length >> 1]?.toFixed(1)} ms, ` +
    `slowest ${slowest.toFixed(1)} ms; at most ${megabytes(mostOverhead)} MB beyond what the guest touched; ` +
    `the guest ${ending === 'stopped' ? 'ran to the end' : `ended: ${ending}`}`,
);
if (wrong !== null) console.log(`the guest complained: ${output.slice(wrong.index).split('\n')[0]}`);
if (slowest > LONGEST_ANSWER || mostOverhead > MOST_OVERHEAD || ending !== 'stopped' || wrong !== null)
  process.exitCode = 1;
