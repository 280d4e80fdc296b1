import { beforeAll, describe, expect, it } from 'vitest';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, type Run, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

/** Commands of the session by the name under which their output is looked at. */
const COMMANDS = {
  uname: 'uname -a',
  cpuinfo: 'cat /proc/cpuinfo',
  interrupts: 'cat /proc/interrupts',
  iomem: 'cat /proc/iomem',
  ioports: 'cat /proc/ioports',
  timers: 'cat /proc/timer_list',
  clock:
    'cd /sys/devices/system/clocksource/clocksource0; cat current_clocksource available_clocksource; cd /',
  mitigations: 'cat /sys/devices/system/cpu/vulnerabilities/*',
  warnings: "dmesg -r | grep '^<[0-4]>'",
  pipe: "seq 1 1000 | awk '{ s += $1 } END { print s }'; seq 20 | grep 1 | sort -rn | head -n 3 | tr '\\n' ' '",
  arithmetic: 'echo $((6 * 7)) $((1 << 40)) $((-7 / 2)) $((-7 % 2)) $((0xffff * 0xffff))',
  floats: 'awk \'BEGIN { printf "%.15f %.10g %g %d\\n", 1 / 3, 2.5e10 * 1.5e-20, 1e308 * 10, -7.9 }\'',
  jobs: '(sleep 0.3; echo second) & (sleep 0.1; echo first) & wait; echo joined',
  copy: 'dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null; cp /tmp/a /tmp/b; cmp /tmp/a /tmp/b && wc -c </tmp/b',
  hash: 'printf abc | sha256sum; printf abc | md5sum',
  gzip: 'seq 1 5000 | gzip | gunzip | md5sum; seq 1 5000 | md5sum',
  signal: "sh -c 'kill -TERM $$'; echo $?; sh -c 'kill -SEGV $$'; echo $?",
  sleep: 'a=$(date +%s); sleep 2; echo $(($(date +%s) - a))',
} as const;
type Name = keyof typeof COMMANDS;

const script = Object.entries(COMMANDS)
  .map(([name, command]) => `echo "## ${name}"; ${command}; echo`)
  .join('\n');

describe.skipIf(guest === undefined)('a script in the guest', () => {
  let run: Run;
  beforeAll(async () => {
    run = await boot(guest as Guest, {
      tier: 'auto',
      clock: 'instructions',
      append: `${NO_CIPHER_TESTS} ${scriptWord(script)}`,
    });
  });

  /** What a command printed. */
  function output(name: Name): string {
    const text = run.output.replaceAll('\r\n', '\n');
    const match = text.match(new RegExp(`^## ${name}\n([^]*?)\n(?=## |longmode: exit )`, 'm'));
    if (match === null) throw new Error(`no output of ${name}:\n${text.slice(-500)}`);
    return match[1].trim();
  }

  it('ends with status 0 and the machine off', () => {
    expect(run.output).toContain('longmode: exit 0\r\n');
    expect(run.ending).toEqual({ kind: 'power off' });
  });

  it('sees a 64-bit kernel on an announced processor', () => {
    expect(output('uname')).toMatch(/^Linux \(none\) \S+-cloud-amd64 .* x86_64 GNU\/Linux$/);
    const cpu = output('cpuinfo');
    expect(cpu).toMatch(/^model name\t: longmode x86-64$/m);
    expect(cpu).toMatch(/^cpu MHz\t\t: 1000\.000$/m);
    expect(cpu).toMatch(/^bugs\t\t:\s*$/m);
    const flags = cpu.match(/^flags\t\t: (.*)$/m)?.[1].split(' ') ?? [];
    expect(flags).toEqual(
      expect.arrayContaining(['lm', 'nx', 'sse2', 'tsc_deadline_timer', 'nonstop_tsc', 'smap', 'xsave']),
    );
  });

  it('sees no hardware bug to work around and no kernel message above notice', () => {
    expect(new Set(output('mitigations').split('\n'))).toEqual(new Set(['Not affected']));
    expect(output('warnings')).toBe('');
  });

  it('keeps time with the TSC and its deadline timer, and the HPET behind it', () => {
    expect(
      output('clock')
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['tsc', 'tsc hpet acpi_pm']);
    const timers = output('timers');
    const perCpu = timers.slice(timers.indexOf('Per CPU device: 0'));
    expect(perCpu).toMatch(/^Clock Event Device: lapic-deadline$/m);
    expect(perCpu).toMatch(/^ event_handler: {2}hrtimer_interrupt$/m);
    expect(timers).toMatch(/^Broadcast device\nClock Event Device: hpet$/m);
    expect(timers).toMatch(/\.hres_active {4}: 1/);
    // The clock event's frequency is the announced one: 2^26 * 1 GHz / 8 per nanosecond.
    expect(perCpu).toMatch(/^ mult: {11}8388608\n shift: {10}26$/m);
  });

  it('gets its interrupts through the I/O APIC and the local APIC, and none that nobody wants', () => {
    const interrupts = output('interrupts');
    const count = (name: string): number =>
      Number(interrupts.match(new RegExp(`^ *${name}: +(\\d+)`, 'm'))?.[1]);
    expect(interrupts).toMatch(/^ *4: .* IO-APIC +4-edge +ttyS0$/m);
    expect(interrupts).toMatch(/^ *9: .* IO-APIC +9-fasteoi +acpi$/m);
    expect(count('4')).toBeGreaterThan(0);
    expect(count('LOC')).toBeGreaterThan(50);
    expect(['NMI', 'SPU', 'ERR', 'MIS'].map(count)).toEqual([0, 0, 0, 0]);
  });

  it('sees memory and devices where the firmware put them', () => {
    const iomem = output('iomem');
    for (const line of [
      '00100000-1ffeffff : System RAM',
      '1fff0000-1fffefff : ACPI Tables',
      '1ffff000-1fffffff : ACPI Non-volatile Storage',
      'e0000000-e00fffff : PCI MMCONFIG 0000 [bus 00-00]',
      '  fec00000-fec003ff : IOAPIC 0',
      '  fed00000-fed003ff : HPET 0',
      'fee00000-fee00fff : Local APIC',
    ]) {
      expect(iomem).toContain(line);
    }
    const ioports = output('ioports');
    expect(ioports).toContain('0600-0603 : ACPI PM1a_EVT_BLK');
    expect(ioports).toContain('03f8-03ff : serial');
  });

  it('computes', () => {
    expect(output('pipe')).toBe('500500\n19 18 17');
    expect(output('arithmetic')).toBe('42 1099511627776 -3 -1 4294836225');
    expect(output('floats')).toBe('0.333333333333333 3.75e-10 inf -7');
    expect(output('hash')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n900150983cd24fb0d6963f7d28e17f72  -',
    );
  });

  it('runs processes side by side, with signals between them', () => {
    expect(output('jobs')).toBe('first\nsecond\njoined');
    expect(
      output('signal')
        .split('\n')
        .filter((line) => /^\d+$/.test(line)),
    ).toEqual(['143', '139']);
  });

  it('keeps data intact', () => {
    expect(output('copy')).toBe(`${16 * 65536}`);
    const [packed, plain] = output('gzip').split('\n');
    expect(packed).toMatch(/^[0-9a-f]{32} /);
    expect(packed).toBe(plain);
  });

  it('sleeps as long as it asked for', () => {
    expect(output('sleep')).toBe('2');
  });
});
