import { describe, expect, it } from 'vitest';
import { DebugHost } from '../support/debug-host.ts';
import { complaints } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

const SCRIPT = `
grep -E ' (timer|ttyS0)$| Local timer' /proc/interrupts
grep '^Clock Event Device: [^<]' /proc/timer_list | tail -n 1
cat /sys/devices/system/clocksource/clocksource0/current_clocksource
a=$(date +%s); sleep 2; echo slept $(($(date +%s) - a))
`;

/** Kernel words that take parts away, and what the kernel then uses. */
const CONFIGURATIONS = [
  { words: 'lapic=notscdeadline clocksource=hpet', controller: 'IO-APIC', event: 'lapic', source: 'hpet' },
  {
    words: 'noapic clocksource=acpi_pm',
    controller: 'XT-PIC',
    event: 'lapic-deadline',
    source: 'acpi_pm',
  },
  { words: 'nolapic', controller: 'XT-PIC', event: 'hpet', source: 'tsc' },
  { words: 'nolapic hpet=disable', controller: 'XT-PIC', event: 'pit', source: 'tsc' },
];

describe.skipIf(guest === undefined)('the kernel without some of the hardware', () => {
  it.each(CONFIGURATIONS)(
    '$words: interrupts from $controller, time from $source and $event',
    async ({ words, controller, event, source }) => {
      const { ending, output } = await boot(guest as Guest, {
        host: new DebugHost(),
        clock: 'instructions',
        append: `${NO_CIPHER_TESTS} ${words} ${scriptWord(SCRIPT)}`,
      });
      const [log, session] = output.replaceAll('\r\n', '\n').split('longmode: up\n');
      expect(ending).toEqual({ kind: 'power off' });
      expect(complaints(log)).toEqual([]);
      expect(session).toMatch(new RegExp(`^ *4: +\\d+ +${controller} .*ttyS0$`, 'm'));
      expect(session).toContain(`\nClock Event Device: ${event}\n${source}\nslept 2\n`);
    },
  );
});
