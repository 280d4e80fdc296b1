import { beforeEach, describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { type ProcessorActivity, type Stall, StallWatch } from '../../src/machine/stall-watch.ts';
import { HALT_FOREVER, makeKernel, SPIN } from '../cli/guests.ts';

const PANIC = '[    9.0] Kernel panic - not syncing: Attempted to kill init!\r\n';

describe('StallWatch', () => {
  let told: Stall[];
  let watch: StallWatch;
  let now: number;
  let accesses: number;
  beforeEach(() => {
    told = [];
    watch = new StallWatch((stall) => told.push(stall));
    now = 5e9;
    accesses = 0;
  });

  /** Slices of 1 ms of a busy kernel, or of what is given. */
  function run(seconds: number, activity: Partial<ProcessorActivity> = {}): void {
    for (let i = 0; i < seconds * 1000; i++) {
      now += 1e6;
      watch.slice({
        now,
        halted: false,
        interruptsEnabled: true,
        cpl: 0,
        deviceAccesses: () => accesses,
        ...activity,
      });
    }
  }
  const say = (text: string) => watch.output(new TextEncoder().encode(text));

  it('tells once of ten seconds without interrupts and devices', () => {
    run(9.9, { interruptsEnabled: false });
    expect(told).toEqual([]);
    run(20, { interruptsEnabled: false });
    expect(told).toEqual(['interrupts disabled']);
    watch.restart();
    run(20, { interruptsEnabled: false });
    expect(told).toEqual(['interrupts disabled', 'interrupts disabled']);
  });

  it('waits longer for who enables interrupts, halts or talks to a device', () => {
    for (let i = 0; i < 5; i++) {
      run(9, { interruptsEnabled: false });
      run(0.001, [{ interruptsEnabled: true }, { halted: true }][i % 2]);
      run(9, { interruptsEnabled: false });
      accesses += 1;
    }
    expect(told).toEqual([]);
  });

  it('says nothing of a busy kernel', () => {
    run(100);
    expect(told).toEqual([]);
  });

  it('tells of a panic, in whatever pieces it is printed', () => {
    for (const character of PANIC) say(character);
    run(2);
    say('---[ end Kernel panic - not syncing: Attempted to kill init! ]---\r\n');
    run(2.9);
    expect(told).toEqual([]);
    run(1);
    expect(told).toEqual(['kernel panic']);
  });

  it('says nothing where the kernel restarts after the panic', () => {
    say(`${PANIC}[    9.1] Rebooting in 10 seconds..`);
    run(11);
    expect(told).toEqual([]);
  });

  it.each<[string, Partial<ProcessorActivity>]>([
    ['a process runs', { cpl: 3 }],
    ['the processor sleeps', { halted: true }],
  ])('says nothing of the text alone: %s', (_name, activity) => {
    say(PANIC);
    run(0.001, activity);
    run(60);
    expect(told).toEqual([]);
  });
});

/** Time passes quickly. */
class FastHost extends NodeHost {
  override now(): number {
    return super.now() * 50;
  }
}

describe('onStall', () => {
  it('is called for a guest that spins with interrupts off', async () => {
    const [cli] = HALT_FOREVER as [number];
    let machine: Machine | undefined;
    const stall = new Promise<Stall>((resolve) => {
      void Machine.create({
        host: new FastHost(),
        kernel: makeKernel([cli, ...SPIN]),
        memorySize: 2 ** 26,
        tier: 'interpreter',
        onStall: resolve,
      }).then((created) => {
        machine = created;
        return created.run();
      });
    });
    expect(await stall).toBe('interrupts disabled');
    machine?.stop();
  }, 60_000);
});
