import { beforeAll, describe, expect, it } from 'vitest';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, type Run } from './linux-guest.ts';

const guest = await findGuest();

/** With the instruction clock nothing of the host shows in the guest. */
const OPTIONS = { clock: 'instructions', seed: 1, append: 'longmode.run=poweroff' } as const;

describe('complaints', () => {
  it('finds what kernels say when something is wrong', () => {
    const lines = [
      "clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable",
      '[Firmware Bug]: TSC ADJUST: CPU0: -1',
      'WARNING: CPU: 0 PID: 1 at kernel/time/timer.c:1',
      'BUG: kernel NULL pointer dereference',
      'Call Trace:',
      'irq 9: nobody cared (try booting with the "irqpoll" option)',
      'DMI not present or invalid.',
      'do_IRQ: 0.34 No irq handler for vector, unexpected',
      'x86/fpu: FPU mismatch',
      'ata1: failed command',
    ];
    expect(complaints(lines.map((line) => `[    1.000000] ${line}`).join('\r\n'))).toEqual(lines);
  });

  it('leaves alone what healthy machines print', () => {
    expect(
      complaints(
        "[    0.1] Linux version 6.1.0\n[    0.2] x2apic: IRQ remapping doesn't support X2APIC mode",
      ),
    ).toEqual([]);
  });
});

describe.skipIf(guest === undefined)("Debian's kernel from start to power-off", () => {
  let first: Run;
  beforeAll(async () => {
    first = await boot(guest as Guest, { ...OPTIONS, tier: 'auto' });
  });

  /** The lines that match, without the matching part's surroundings being judged. */
  const linesWith = (pattern: RegExp): string[] =>
    kernelLines(first.output).filter((line) => pattern.test(line));

  it('reaches user space and powers off', () => {
    expect(first.ending).toEqual({ kind: 'power off' });
    expect(linesWith(/^longmode: up$/)).toHaveLength(1);
    expect(kernelLines(first.output).at(-1)).toBe('reboot: Power down');
  });

  it('runs every instruction that the kernel uses', () => {
    expect(first.statistics.unimplemented).toEqual({});
  });

  it('logs no complaint', () => {
    expect(linesWith(/^Linux version /)).toHaveLength(1);
    expect(complaints(first.output)).toEqual([]);
  });

  it('knows the time-stamp counter without calibrating and settles on it', () => {
    expect(linesWith(/clocksource: Switched to/).at(-1)).toBe('clocksource: Switched to clocksource tsc');
    expect(linesWith(/^tsc: Detected/)).toEqual(['tsc: Detected 1000.000 MHz processor']);
    expect(linesWith(/calibrat/i)).toEqual([
      expect.stringMatching(/^Calibrating delay loop \(skipped\), value calculated using timer frequency/),
    ]);
    expect(linesWith(/Refined TSC/)).toEqual([]);
  });

  it('finds the devices of the board', () => {
    const expected = [
      /^Hypervisor detected: KVM$/,
      /^TSC deadline timer available$/,
      /^DMI: longmode /,
      /^IOAPIC\[0\]: apic_id 0, version 32, address 0xfec00000, GSI 0-23$/,
      /^hpet0: 3 comparators, 64-bit 100\.000000 MHz counter$/,
      /^ACPI: 1 ACPI AML tables successfully acquired and loaded$/,
      /^ACPI: PM: \(supports S0 S5\)$/,
      /^PCI: MMCONFIG for domain 0000 \[bus 00-00\]/,
      /^pci 0000:00:00\.0: \[8086:1237\]/,
      /^00:\d\d: ttyS0 at I\/O 0x3f8 \(irq = 4, base_baud = 115200\) is a 16550A$/,
      /^rtc_cmos .*: setting system clock to 2024-01-01T00:00:00 UTC/,
    ];
    expect(expected.filter((pattern) => linesWith(pattern).length === 0)).toEqual([]);
  });

  // Every tier executes the same instructions between the same interrupts, so even the time stamps agree.
  it.each(['interpreter', 'compiled'] as const)(
    'does the same again, byte for byte, with the tier %s',
    async (tier) => {
      const again = await boot(guest as Guest, { ...OPTIONS, tier });
      expect(again.output).toBe(first.output);
      expect(again.statistics.instructions.total).toBe(first.statistics.instructions.total);
      expect(again.statistics.events).toEqual(first.statistics.events);
    },
  );
});
