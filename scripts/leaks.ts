/**
 * Boots guests one after the other in one process through the library, and prints after each what the process has left:
 * JavaScript's heap, memory beside it (guest RAM, compiled code's constants), wasm code, and the resident set, after a collection of
 * garbage. What still grows after the first round of guests leaks.
 * Usage: node scripts/leaks.ts [--boots 10] [--thread worker|here] [--kinds cloud,generic,686,686-pae]
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { guestCacheFolder } from '../src/cli/guest-cache.ts';
import { fetchGuest, type Guest, type GuestKernel } from '../src/host/node/guest.ts';
import { Machine } from '../src/index.node.ts';

const { values } = parseArgs({
  options: {
    boots: { type: 'string', default: '10' },
    thread: { type: 'string', default: 'worker' },
    kinds: { type: 'string', default: 'cloud,generic,686,686-pae' },
  },
});
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const guests: (Guest & { readonly kind: GuestKernel })[] = [];
for (const kind of values.kinds.split(',') as GuestKernel[]) {
  const cacheFolder = kind === 'cloud' ? guestCacheFolder() : `${guestCacheFolder()}-${kind}`;
  guests.push({
    kind,
    ...(await fetchGuest({ kind, cacheFolder, progress: (text) => console.error(text) })),
  });
}

/** In mebibytes; resident without pages of files. */
function memory(): string {
  const { heapUsed, external } = process.memoryUsage();
  const status = readFileSync('/proc/self/status', 'utf8');
  const resident = Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  const threads = /^Threads:\s+(\d+)/m.exec(status)?.[1];
  const numbers = { heap: heapUsed, external, resident };
  return `${Object.entries(numbers)
    .map(([name, bytes]) => `${name} ${(bytes / 2 ** 20).toFixed(1)} MB`)
    .join(', ')}, ${threads} threads`;
}

/** Whatever was closed has had the time to go. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collect();
    await sleep(100);
  }
}

/** In a function of its own, so that nothing on the stack keeps the machine. Returns how it ended. */
async function boot({ kernel, initrd }: (typeof guests)[number]): Promise<string> {
  await using machine = await Machine.create({
    kernel,
    initrd,
    commandLine: 'console=ttyS0 longmode.run=poweroff',
    thread: values.thread as 'worker' | 'here',
  });
  return (await machine.run()).kind;
}

await settle();
console.log(`before: ${memory()}`);
for (let number = 1; number <= Number(values.boots); number++) {
  const guest = guests[(number - 1) % guests.length] as (typeof guests)[number];
  const ending = await boot(guest);
  await settle();
  console.log(`${number} ${guest.kind}, ${ending}: ${memory()}`);
}
