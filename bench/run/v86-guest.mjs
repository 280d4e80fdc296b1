/**
 * Boots a kernel in v86, `node v86-guest.mjs V86 BIOS VGA_BIOS KERNEL INITRD COMMAND_LINE`, until it says that it powers
 * off: v86 has ACPI's registers, but nothing of it ends when the guest writes to them. V86 is the package's folder.
 * Plain JavaScript, so that the time of the process has nothing in it but v86.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, bios, vgaBios, kernel, initrd, commandLine] = process.argv.slice(2);
const MEMORY = 512 * 1024 * 1024;
const LINE_FEED = 10;
/** Linux writes it with every log level, right before it writes to the registers. */
const END = 'reboot: Power down';

const { V86 } = await import(pathToFileURL(join(folder, 'build', 'libv86.mjs')));
const machine = new V86({
  wasm_path: join(folder, 'build', 'v86.wasm'),
  memory_size: MEMORY,
  bios: { url: bios },
  vga_bios: { url: vgaBios },
  bzimage: { url: kernel },
  initrd: { url: initrd },
  cmdline: commandLine,
  acpi: true,
  autostart: true,
});
let line = '';
machine.add_listener('serial0-output-byte', (byte) => {
  line += String.fromCharCode(byte);
  if (byte !== LINE_FEED) return;
  process.stdout.write(line);
  if (line.includes(END)) process.exit();
  line = '';
});
process.stdin.on('data', (data) => machine.serial0_send(data.toString()));
