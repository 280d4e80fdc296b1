/** Finds what a kernel does not print on a machine without faults. */

const COMPLAINTS = [
  /warn/i,
  /\bbug\b/i,
  /call trace/i,
  /\boops\b/i,
  /panic/i,
  /taint/i,
  /firmware/i,
  /unexpected/i,
  /unstable/i,
  /fail/i,
  /\berror/i,
  /invalid\b/i,
  /not present/i,
  /missing/i,
  /mismatch/i,
  /conflict/i,
  /corrupt/i,
  /broken/i,
  /unable/i,
  /\bcan(no|')t\b/i,
  /does(n't| not)/i,
  /not supported|unsupported/i,
  /unknown/i,
  /spurious/i,
  /nobody cared/i,
  /timed? ?out/i,
  /interrupt took/i,
  /stall/i,
  /lockup/i,
  /overrun|\blost\b/i,
  /quirk|workaround|mitigation|vulnerable/i,
];

/** Lines that healthy machines print as well, and why. */
const HARMLESS = [
  // Printed whenever the ACPI host bridge describes its windows.
  /^PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug$/,
  // Without an IOMMU there is no interrupt remapping, so the local APIC stays in xAPIC mode.
  /^x2apic: IRQ remapping doesn't support X2APIC mode$/,
  // No performance counters are announced, as on most virtual machines.
  /^Performance Events: unsupported p6 CPU model \d+ no PMU driver, software events only\.$/,
  // What the power management of every PIIX4 is told of, wherever firmware has put it.
  /^pci 0000:00:01\.3: quirk: \[io {2}0x(0600-0x063f|b000-0xb03f)\] claimed by PIIX4 ACPI$/,
  // Printed by every 32-bit kernel without PAE.
  /^Notice: NX \(Execute Disable\) protection cannot be enabled: non-PAE kernel!$/,
  // No frequency scaling is announced.
  /^intel_pstate: CPU model not supported$/,
];

/** What the kernel does about speculation on AMD's processors: it knows of none that does not. */
export const SPECULATION_OF_AMD = /^Spectre V[12] : Mitigation: (?:Retpolines$|usercopy)/;

/** The log's lines without time stamps. */
export function kernelLines(log: string): string[] {
  return log
    .split(/\r?\n/)
    .map((line) => line.replace(/^\[ *\d+\.\d+\] /, ''))
    .filter((line) => line !== '');
}

/** Lines that complain. The command line may say what it likes. */
export function complaints(log: string): string[] {
  return kernelLines(log).filter((line) => {
    if (/^(Kernel c|C)ommand line: /.test(line)) return false;
    return (
      COMPLAINTS.some((pattern) => pattern.test(line)) && !HARMLESS.some((pattern) => pattern.test(line))
    );
  });
}
