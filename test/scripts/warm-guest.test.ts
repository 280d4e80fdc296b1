/** The guest that the build runs to have V8's code kept: it does what it says it does. */
import { describe, expect, it } from 'vitest';
import { DONE, DONE_PORT, LOOPS, warmGuest } from '../../scripts/warm-guest.ts';
import { loadUnpacker } from '../../src/boot/unpack/unpack.ts';
import type { RemoteCompiler, Tier } from '../../src/code-cache/tiering.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { CompilerHere } from '../support/compiler-here.ts';

/** Compiles in this thread, as in the build. */
class WorkerHere extends NodeHost {
  override startCompiler(): RemoteCompiler {
    return new CompilerHere();
  }
}

interface Given {
  readonly host?: NodeHost;
  readonly tier?: Tier;
  readonly seed?: number;
  readonly commandLine?: string;
}

/** Runs the guest as the build does. */
async function run({ host = new NodeHost(), tier = 'interpreter', seed = 1, commandLine = '' }: Given = {}) {
  let output = '';
  const machine = await Machine.create({
    host,
    kernel: warmGuest(),
    initrd: new TextEncoder().encode('none'),
    memorySize: 512 * 2 ** 20,
    commandLine,
    clock: 'instructions',
    debugExitPort: DONE_PORT,
    seed,
    tier,
    onSerialOutput: (bytes) => {
      output += String.fromCharCode(...bytes);
    },
  });
  try {
    const ending = await machine.run();
    return { ending, output, rip: machine.processor.rip, statistics: machine.statistics() };
  } finally {
    await machine.close();
  }
}

describe("the build's guest", () => {
  it.each(['interpreter', 'compiled', 'auto'] as const)('does its work: %s', async (tier) => {
    const { ending, output, statistics } = await run({ tier });
    expect(ending).toEqual({ kind: 'debug exit', code: (DONE << 1) | 1 });
    expect(output).toBe('\n');
    expect(statistics.unimplemented).toEqual({});
    expect(statistics.events.exceptions).toBe(0);
  });

  it('is unpacked by the loader, and moved', async () => {
    expect(await loadUnpacker(warmGuest())).toBeDefined();
    const [first, second, unmoved] = [
      await run(),
      await run({ seed: 2 }),
      await run({ commandLine: 'nokaslr' }),
    ];
    const page = 0xfffn;
    expect(first.rip & page).toBe(unmoved.rip & page);
    expect(first.rip).not.toBe(unmoved.rip);
    expect(first.rip).not.toBe(second.rip);
  });

  it('asks devices at ports and in memory', async () => {
    const { port, mmio } = (await run()).statistics.accesses;
    expect(port).toBeGreaterThan(25);
    expect(mmio).toBeGreaterThan(15);
  });

  it('runs for so long that each loop becomes a region', async () => {
    const { regions, instructions } = (await run({ tier: 'auto', host: new WorkerHere() })).statistics;
    expect(regions.regions).toBeGreaterThanOrEqual(LOOPS);
    expect(instructions.compiled).toBeGreaterThan(instructions.total / 10);
  });
});
