/** The ways into a kernel that are measured: each of Debian's kernels by every door that it has, and others' programs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractVmlinux } from '../../test/boot-linux/extract-vmlinux.ts';
import { debianGuest, type GuestFiles } from '../run/guest.ts';

const BUILD = fileURLToPath(new URL('../../build/bench/doors/', import.meta.url));
export const COMMAND_LINE = 'console=ttyS0 longmode.run=poweroff';
/** What the guests' first process says. */
const UP = 'longmode: up';
const MEMTEST_UP = 'Errors: ';
const MEMTEST_LINE = 'console=ttyS0,115200 nopause nobench';

const SEABIOS = '/usr/share/seabios/bios-256k.bin';
const OVMF = '/usr/share/OVMF/OVMF_CODE.fd';
/** With variables in the same file, for QEMU. */
const OVMF_WHOLE = '/usr/share/ovmf/OVMF.fd';
const MEMTEST = '/boot/memtest86+x64';

/** One way in. */
export interface Way {
  readonly name: string;
  /** Arguments of `longmode boot`, and of QEMU. */
  readonly longmode: readonly string[];
  readonly qemu: readonly string[];
  /** What it says when it is there. */
  readonly shows: string;
  /** Whether it powers off afterwards. */
  readonly ends: boolean;
}

/** A kernel of Debian by several ways. */
function linux(name: string, files: GuestFiles, entries: readonly string[]): Way[] {
  const guest = ['-kernel', files.kernel, '-initrd', files.initrd, '-append', COMMAND_LINE];
  const longmode = guest.map((word) => (/^-[a-z]/.test(word) ? `-${word}` : word));
  return entries.map((entry) => ({
    name: `${name}, ${entry}`,
    longmode: [...longmode, '--entry', entry],
    qemu: [...guest, ...(entry === 'efi' ? ['-bios', OVMF_WHOLE] : [])],
    shows: UP,
    ends: true,
  }));
}

function memtest(suffix: string, entry: string): Way {
  const kernel = `${MEMTEST}${suffix}`;
  return {
    name: `memtest86+, ${entry}`,
    longmode: ['--kernel', kernel, '--append', MEMTEST_LINE, '--entry', entry],
    qemu: ['-kernel', kernel, '-append', MEMTEST_LINE, ...(entry === 'efi' ? ['-bios', OVMF_WHOLE] : [])],
    shows: MEMTEST_UP,
    ends: false,
  };
}

/** A Multiboot kernel that counts to 400 million and says that it is there. */
export function multibootProgram(): Uint8Array {
  const [magic, flags, address, entry] = [0x1badb002, 0x10000, 0x100000, 0x20];
  const header = [magic, flags, -(magic + flags), address, address, 0, 0, address + entry];
  // mov ecx, 400000000; again: dec ecx; jnz again; mov dx, 3f8h; then mov al, ...; out dx, al; at last halt: hlt; jmp halt
  const code = [0xb9, 0x00, 0x84, 0xd7, 0x17, 0x49, 0x75, 0xfd, 0x66, 0xba, 0xf8, 0x03];
  for (const character of `${UP}\n`) code.push(0xb0, character.charCodeAt(0), 0xee);
  code.push(0xf4, 0xeb, 0xfd);
  const file = new Uint8Array(entry + code.length);
  file.set(new Uint8Array(Uint32Array.from(header).buffer));
  file.set(code, entry);
  return file;
}

/** Puts a file where it stays. Returns its path. */
function place(name: string, bytes: Uint8Array): string {
  mkdirSync(BUILD, { recursive: true });
  const path = join(BUILD, name);
  writeFileSync(path, bytes);
  return path;
}

/** About how many there are. */
export const WAYS = 25;

/** Those that there are here; notes name the others. */
export async function findWays(stock: GuestFiles): Promise<{ ways: Way[]; notes: string[] }> {
  const notes: string[] = [];
  const ways = linux('cloud', stock, ['unpacked', '64', '32', '16', 'efi']);
  const vmlinux = place('vmlinux', extractVmlinux(readFileSync(stock.kernel)));
  ways.push(...linux('cloud vmlinux', { ...stock, kernel: vmlinux }, ['64', 'pvh']));
  const others: readonly (readonly [Parameters<typeof debianGuest>[0], readonly string[]])[] = [
    ['generic', ['unpacked', '64', '32', '16', 'efi']],
    ['686', ['unpacked', '32', '16']],
    ['686-pae', ['unpacked', '32', '16']],
  ];
  for (const [kind, entries] of others) {
    try {
      const files = await debianGuest(kind);
      ways.push(...linux(kind, files, entries));
    } catch (error) {
      notes.push(`left out: the kernel ${kind}: ${(error as Error).message}`);
    }
  }
  const [cloud] = linux('cloud', stock, ['auto']) as [Way];
  for (const [name, image, theirs] of [
    ['SeaBIOS', SEABIOS, SEABIOS],
    ['OVMF', OVMF, OVMF_WHOLE],
  ] as const) {
    if (!existsSync(image)) notes.push(`left out: there is no ${image}`);
    else {
      const longmode = [...cloud.longmode.slice(0, -2), '--bios', image];
      ways.push({ ...cloud, name: `cloud, ${name}`, longmode, qemu: [...cloud.qemu, '-bios', theirs] });
    }
  }
  if (existsSync(`${MEMTEST}.bin`)) {
    ways.push(...['16', '32', '64'].map((entry) => memtest('.bin', entry)), memtest('.efi', 'efi'));
  } else notes.push(`left out: there is no ${MEMTEST}.bin`);
  const program = place('multiboot', multibootProgram());
  ways.push({
    name: 'a Multiboot program',
    longmode: ['--kernel', program],
    qemu: ['-kernel', program],
    shows: UP,
    ends: false,
  });
  return { ways, notes };
}
