/** How the engine's threads share the processors with the guest's, in a process that is nothing but the emulator. */
import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** Linux calls a thread's place among others niceness; each step is a tenth of the weight. */
const STEPS = 10;

/**
 * The threads that there are beside this one, in which V8 optimises code and collects garbage, give way to it and to those
 * that it starts from now on. The guest's thread and the compile worker are what a guest waits for; where there are fewer
 * processors than threads, optimising takes them a tenth of a boot's time. Ten steps leave V8 a tenth of a processor
 * that others keep busy, so nothing starves.
 *
 * Only Linux has priorities of threads.
 */
export function letThreadsGiveWay(): void {
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task').map(Number)) {
    if (thread === process.pid) continue;
    try {
      setPriority(thread, Math.min(constants.priority.PRIORITY_LOW, getPriority(thread) + STEPS));
    } catch {
      // It has ended, or a sandbox does not let us: the guest is only slower.
    }
  }
}
