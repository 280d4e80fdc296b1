/**
 * The kernel's word `vga=`, which it leaves to its loader.
 * Source: Linux Documentation/arch/x86/boot.rst, "Special Command Line Options".
 */
const NAMED_MODES: { readonly [name: string]: number } = { normal: 0xffff, ext: 0xfffe, ask: 0xfffd };

/** Value for the field vid_mode of the setup header; undefined where the command line has no such word, or no such mode. */
export function videoMode(commandLine: string): number | undefined {
  const [, value] = /(?:^| )vga=(\S+)/.exec(commandLine) ?? [];
  if (value === undefined) return undefined;
  const mode = NAMED_MODES[value] ?? Number(value);
  return Number.isInteger(mode) && mode >= 0 && mode <= 0xffff ? mode : undefined;
}
