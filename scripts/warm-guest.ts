/**
 * A kernel that is packed, unpacked, moved (KASLR) and entered as Linux is in 64-bit mode, asks a PC's devices and has loops that get hot, a
 * region each: what a run of it calls of the emulator is what the run of any guest calls.
 * Source: Linux Documentation/arch/x86/boot.rst and arch/x86/tools/relocs.c; LZ4 doc/lz4_Frame_format.md and lz4_Block_format.md; Intel SDM
 * Vol. 2 for the instructions.
 */

/** Where the kernel writes DONE to when it has done its work. */
export const DONE_PORT = 0xf4;
export const DONE = 0x10;

const SETUP_SECTORS = 4;
/** In the protected-mode code: where the packed kernel is. */
const PAYLOAD = 0x200;
/** Where the kernel is linked for: its physical address, and the low half of its virtual one. */
const PHYSICAL = 0x100_0000;
const VIRTUAL = 0x8100_0000;
/** In the ELF file: where the code is. */
const CODE = 0x80;
/** By this the loader knows of a kernel that may be moved. */
const KASLR = "KASLR disabled: 'nokaslr'";

/** Many times the entries that it takes until a block is compiled: requests wait for more of them, and for a million instructions. */
const TURNS = 100_000;

const int32 = (value: number): number[] => [value, value >> 8, value >> 16, value >> 24];

/** Instructions of the loops, each of 64-bit mode with RSP at a stack. */
const BODIES: readonly (readonly number[])[] = [
  [0x48, 0x01, 0xd0], // ADD RAX, RDX
  [0x48, 0x8b, 0x44, 0x24, 0xf8, 0x48, 0x89, 0x44, 0x24, 0xf0], // MOV RAX, [RSP-8]; MOV [RSP-16], RAX
  [0x31, 0xd0, 0xc1, 0xe0, 0x03, 0xd3, 0xe8], // XOR EAX, EDX; SHL EAX, 3; SHR EAX, CL
  [0x48, 0x0f, 0xaf, 0xc2, 0x48, 0xf7, 0xe2], // IMUL RAX, RDX; MUL RDX
  [0x39, 0xd0, 0x72, 0x02, 0xff, 0xc0], // CMP EAX, EDX; JB behind; INC EAX
  [0x50, 0x5a, 0x0f, 0xb6, 0xc2, 0x48, 0x8d, 0x44, 0x10, 0x01], // PUSH RAX; POP RDX; MOVZX EAX, DL; LEA RAX, [RAX+RDX+1]
  [0xe8, 0x02, 0, 0, 0, 0xeb, 0x01, 0xc3], // CALL the RET; JMP behind it; RET
  [0x11, 0xd0, 0x0f, 0x94, 0xc0, 0x84, 0xc0], // ADC EAX, EDX; SETE AL; TEST AL, AL
  [0xf7, 0xd8, 0x0f, 0xbe, 0xc2, 0xf7, 0xd0, 0x0f, 0xc8, 0x48, 0x98], // NEG EAX; MOVSX EAX, DL; NOT EAX; BSWAP EAX; CDQE
  [0x19, 0xd0, 0x6b, 0xc2, 0x07, 0x0f, 0xa3, 0xd0, 0x0f, 0xab, 0xd0], // SBB EAX, EDX; IMUL EAX, EDX, 7; BT EAX, EDX; BTS EAX, EDX
  [0x31, 0xd2, 0xf7, 0xf1, 0x0f, 0x94, 0xc4, 0x9c, 0x58], // XOR EDX, EDX; DIV ECX; SETE AH; PUSHF; POP RAX
  // LEA RBX, [RSP-128]; AND EDX, 7; MOV EAX, [RBX+RDX*4]; ADD [RBX+8], EAX; INC DWORD [RBX]
  [0x48, 0x8d, 0x5c, 0x24, 0x80, 0x83, 0xe2, 0x07, 0x8b, 0x04, 0x93, 0x01, 0x43, 0x08, 0xff, 0x03],
  // LEA RBX, [RSP-128]; LOCK CMPXCHG [RBX], EDX; LOCK XADD [RBX+4], EAX
  [0x48, 0x8d, 0x5c, 0x24, 0x80, 0xf0, 0x0f, 0xb1, 0x13, 0xf0, 0x0f, 0xc1, 0x43, 0x04],
  [0x48, 0x8d, 0x05, 0x04, 0, 0, 0, 0xff, 0xd0, 0xeb, 0x01, 0xc3], // LEA RAX, [the RET]; CALL RAX; JMP behind it; RET
  [0xba, ...int32(3), 0xff, 0xca, 0x75, 0xfc], // MOV EDX, 3; DEC EDX; JNE back to it
  [0x66, 0x0f, 0xef, 0xc0, 0x66, 0x0f, 0x70, 0xc8, 0x4e], // PXOR XMM0, XMM0; PSHUFD XMM1, XMM0, 4Eh
  // MOVDQU XMM0, [RSP-128]; PADDQ XMM0, XMM1; MOVDQU [RSP-128], XMM0
  [0xf3, 0x0f, 0x6f, 0x44, 0x24, 0x80, 0x66, 0x0f, 0xd4, 0xc1, 0xf3, 0x0f, 0x7f, 0x44, 0x24, 0x80],
];

export const LOOPS = BODIES.length;

/** MOV DX, port */
const port = (address: number): number[] => [0x66, 0xba, address, address >> 8];
/** ...; MOV AL, value; OUT DX, AL */
const outByte = (address: number, value: number): number[] => [...port(address), 0xb0, value, 0xee];
/** ...; IN AL, DX */
const inByte = (address: number): number[] => [...port(address), 0xec];
/** ...; MOV EAX, value; OUT DX, EAX */
const outDword = (address: number, value: number): number[] => [
  ...port(address),
  0xb8,
  ...int32(value),
  0xef,
];
/** ...; IN EAX, DX */
const inDword = (address: number): number[] => [...port(address), 0xed];
/** MOV EBX, address; MOV EAX, [RBX]; MOV [RBX], EAX */
const touch = (address: number): number[] => [0xbb, ...int32(address), 0x8b, 0x03, 0x89, 0x03];

/** What Linux does to a PC's devices while it looks what there is, without what would interrupt this guest. */
const DEVICES: readonly (readonly number[])[] = [
  ...[0x11, 0x30, 0x04, 0x01].map((word, i) => outByte(i === 0 ? 0x20 : 0x21, word)), // 8259A: ICW1 to ICW4
  outByte(0x21, 0xff), // and OCW1, which masks all
  inByte(0x21),
  outByte(0x43, 0x30), // 8254: counter 0 in mode 0
  outByte(0x40, 0xff),
  outByte(0x40, 0xff),
  inByte(0x40),
  outByte(0x70, 0x0a), // clock: register A
  inByte(0x71),
  outByte(0x70, 0x00),
  inByte(0x71),
  ...[3, 4, 1, 2].map((register) => outByte(0x3f8 + register, 0x03)), // 16550A: LCR, MCR, IER, FCR
  outByte(0x3f9, 0),
  ...[5, 6, 2].map((register) => inByte(0x3f8 + register)), // LSR, MSR, IIR
  inDword(0x608), // ACPI's timer
  outDword(0xcf8, 0x8000_0000), // PCI: vendor of 00:00.0
  inDword(0xcfc),
  ...[0xf0, 0x10, 0x100].map((offset) => touch(0xfed0_0000 + offset)), // HPET: counter, configuration, first timer
  touch(0xfec0_0000), // I/O APIC: index and
  touch(0xfec0_0010), // data
  ...[0x20, 0x80, 0xf0].map((offset) => touch(0xfee0_0000 + offset)), // local APIC: ID, TPR, spurious vector
  [0xb9, ...int32(0x1b), 0x0f, 0x32, 0x0f, 0x30], // MOV ECX, IA32_APIC_BASE; RDMSR; WRMSR
];

/** MOV ECX, TURNS; the body; DEC ECX; JNE back; CPUID, which ends a region. */
function loop(body: readonly number[]): number[] {
  return [0xb9, ...int32(TURNS), ...body, 0xff, 0xc9, 0x75, -(body.length + 4), 0x0f, 0xa2];
}

/** An ELF file of one segment, and behind it the lists of what is to be moved, read from the end: words, differences, double words. */
function kernel(code: readonly number[]): Uint8Array {
  const data = CODE + Math.ceil(code.length / 8) * 8;
  const end = data + 24;
  const bytes = new Uint8Array(end + 24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x464c_457f, true); // EI_MAG
  view.setUint32(4, 0x01_01_02, true); // ELFCLASS64, ELFDATA2LSB, EV_CURRENT
  view.setUint16(16, 2, true); // e_type: ET_EXEC
  view.setUint16(18, 62, true); // e_machine: EM_X86_64
  view.setUint32(24, PHYSICAL, true); // e_entry
  view.setUint32(32, 64, true); // e_phoff
  view.setUint16(54, 56, true); // e_phentsize
  view.setUint16(56, 1, true); // e_phnum
  view.setUint32(64, 1, true); // p_type: PT_LOAD
  view.setUint32(72, CODE, true); // p_offset
  view.setBigInt64(80, BigInt(VIRTUAL | 0), true); // p_vaddr
  view.setUint32(88, PHYSICAL, true); // p_paddr
  view.setUint32(96, end - CODE, true); // p_filesz
  view.setUint32(104, end - CODE, true); // p_memsz
  bytes.set(code, CODE);
  [0, 8, 16].forEach((place, list) => {
    view.setUint32(end + 8 * list + 4, VIRTUAL + data - CODE + place, true);
  });
  return bytes;
}

/** A frame of LZ4 with one block of literals, and the size. */
function packed(bytes: Uint8Array): Uint8Array {
  const length = bytes.length - 15;
  const block = [0xf0, ...new Array<number>(Math.floor(length / 255)).fill(255), length % 255, ...bytes];
  return Uint8Array.from([...int32(0x184c_2102), ...int32(block.length), ...block, ...int32(bytes.length)]);
}

export function warmGuest(): Uint8Array {
  const code = [
    ...outByte(0x3f8, 0x0a), // a line feed
    ...DEVICES.flat(),
    ...[0x0f, 0x20, 0xe0, 0x80, 0xcc, 0x06, 0x0f, 0x22, 0xe0], // MOV RAX, CR4; OR AH, 6 (OSFXSR, OSXMMEXCPT); MOV CR4, RAX
    ...BODIES.flatMap(loop),
    ...[0xb0, DONE, 0xe6, DONE_PORT, 0xeb, 0xfe], // MOV AL, DONE; OUT DONE_PORT, AL; JMP itself
  ];
  const payload = packed(kernel(code));
  const start = (SETUP_SECTORS + 1) * 512;
  const message = start + PAYLOAD + payload.length;
  const size = Math.ceil((PAYLOAD + payload.length + KASLR.length) / 16) * 16;
  const file = new Uint8Array(start + size);
  const view = new DataView(file.buffer);
  view.setUint8(0x1f1, SETUP_SECTORS); // setup_sects
  view.setUint32(0x1f4, size / 16, true); // syssize
  view.setUint16(0x1fe, 0xaa55, true); // boot_flag
  view.setUint16(0x200, 0x66eb, true); // jump
  view.setUint32(0x202, 0x5372_6448, true); // header
  view.setUint16(0x206, 0x020f, true); // version
  view.setUint8(0x211, 1); // loadflags: LOADED_HIGH
  view.setUint32(0x214, 0x10_0000, true); // code32_start
  view.setUint32(0x22c, 0x7fff_ffff, true); // initrd_addr_max
  view.setUint32(0x230, 0x20_0000, true); // kernel_alignment
  view.setUint8(0x234, 1); // relocatable_kernel
  view.setUint16(0x236, 1, true); // xloadflags: XLF_KERNEL_64
  view.setUint32(0x238, 2047, true); // cmdline_size
  view.setUint32(0x248, PAYLOAD, true); // payload_offset
  view.setUint32(0x24c, payload.length, true); // payload_length
  view.setBigUint64(0x258, BigInt(PHYSICAL), true); // pref_address
  view.setUint32(0x260, 0x80_0000, true); // init_size
  file.set(payload, start + PAYLOAD);
  file.set(new TextEncoder().encode(KASLR), message);
  return file;
}
