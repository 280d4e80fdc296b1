/**
 * The features that CPUID tells of (Intel SDM Vol. 2 "CPUID"): their bits, what they need, and which instructions are theirs.
 * A feature is here when it works. Names are those of /proc/cpuinfo; aliases are what QEMU or the manuals say.
 */
import type { Vendor } from './vendor.ts';

/** A register of a leaf that holds feature bits; CPUID_WITHHELD has a word for each, in this order. */
export const FEATURE_WORDS = [
  '1:ecx',
  '1:edx',
  '7:ebx',
  '7:ecx',
  '7:edx',
  '7.1:eax',
  'd.1:eax',
  '80000001:ecx',
  '80000001:edx',
  '80000008:ebx',
] as const;
export type FeatureWord = (typeof FEATURE_WORDS)[number];

/**
 * `base`: every model has it. 2 and 3: since that level of x86-64 (System V ABI, AMD64 supplement,
 * "Micro-architecture levels"). `more`: what the levels do not ask for. `asked`: what no model has, because kernels do better
 * without it here.
 */
export type FeatureLevel = 'base' | 2 | 3 | 'more' | 'asked';

export interface Feature {
  readonly name: string;
  readonly word: FeatureWord;
  readonly bit: number;
  readonly level: FeatureLevel;
  /** Whether one may be without it although every model has it. */
  readonly isOptional: boolean;
  /** Of whose processors alone it is, unless it is asked for; undefined: of all. */
  readonly vendor: Vendor | undefined;
  readonly aliases: readonly string[];
  /** Features without which there is no such processor. */
  readonly needs: readonly string[];
  /** Mnemonics of the rows that raise #UD without it. */
  readonly instructions: readonly string[];
  /** Mnemonics of those that are an older instruction without it: a prefix that tells them apart then means nothing. */
  readonly prefixed: readonly string[];
}

interface Details {
  readonly isOptional?: boolean;
  readonly vendor?: Vendor;
  readonly aliases?: string;
  readonly needs?: string;
  readonly instructions?: string;
  readonly prefixed?: string;
}

const words = (text = ''): string[] => text.split(/\s+/).filter((word) => word !== '');

function feature(
  word: FeatureWord,
  bit: number,
  name: string,
  level: FeatureLevel,
  details: Details = {},
): Feature {
  return {
    name,
    word,
    bit,
    level,
    isOptional: details.isOptional ?? level !== 'base',
    vendor: details.vendor,
    aliases: words(details.aliases),
    needs: words(details.needs),
    instructions: words(details.instructions),
    prefixed: words(details.prefixed),
  };
}

const SSSE3 = `pabsb pabsw pabsd palignr phaddw phaddd phaddsw phsubw phsubd phsubsw pmaddubsw pmulhrsw pshufb
  psignb psignw psignd`;
const SSE4_1 = `blendpd blendps blendvpd blendvps dppd dpps extractps insertps movntdqa mpsadbw packusdw pblendvb pblendw
  pcmpeqq pextrb pextrd pinsrb pinsrd phminposuw pmaxsb pmaxsd pmaxud pmaxuw pminsb pminsd pminud pminuw pmovsxbw pmovsxbd
  pmovsxbq pmovsxwd pmovsxwq pmovsxdq pmovzxbw pmovzxbd pmovzxbq pmovzxwd pmovzxwq pmovzxdq pmuldq pmulld ptest roundpd
  roundps roundsd roundss`;

/** VFMADD132PS and kin. */
const FMA = ['132', '213', '231']
  .flatMap((order) => {
    const packed = ['fmaddsub', 'fmsubadd'].flatMap((name) => [`v${name}${order}ps`, `v${name}${order}pd`]);
    const all = ['fmadd', 'fmsub', 'fnmadd', 'fnmsub'].flatMap((name) =>
      ['ps', 'pd', 'ss', 'sd'].map((kind) => `v${name}${order}${kind}`),
    );
    return [...packed, ...all];
  })
  .join(' ');

export const FEATURES: readonly Feature[] = [
  feature('1:edx', 0, 'fpu', 'base'),
  feature('1:edx', 1, 'vme', 'base'),
  feature('1:edx', 2, 'de', 'base'),
  feature('1:edx', 3, 'pse', 'base'),
  feature('1:edx', 4, 'tsc', 'base'),
  feature('1:edx', 5, 'msr', 'base'),
  feature('1:edx', 6, 'pae', 'base'),
  // Without any bank, and there are no machine checks: kernels only find that they could handle them.
  feature('1:edx', 7, 'mce', 'base'),
  feature('1:edx', 8, 'cx8', 'base'),
  // Also hidden where IA32_APIC_BASE turns it off.
  feature('1:edx', 9, 'apic', 'base'),
  feature('1:edx', 11, 'sep', 'base'),
  feature('1:edx', 12, 'mtrr', 'base'),
  feature('1:edx', 13, 'pge', 'base'),
  feature('1:edx', 14, 'mca', 'base'),
  feature('1:edx', 15, 'cmov', 'base'),
  feature('1:edx', 16, 'pat', 'base'),
  feature('1:edx', 17, 'pse36', 'base'),
  feature('1:edx', 19, 'clflush', 'base', { aliases: 'clfsh' }),
  feature('1:edx', 23, 'mmx', 'base'),
  feature('1:edx', 24, 'fxsr', 'base'),
  feature('1:edx', 25, 'sse', 'base'),
  feature('1:edx', 26, 'sse2', 'base'),
  feature('1:edx', 27, 'ss', 'base'),
  // Hidden outside of 64-bit mode.
  feature('80000001:edx', 11, 'syscall', 'base'),
  feature('80000001:edx', 20, 'nx', 'base', { aliases: 'xd' }),
  feature('80000001:edx', 26, 'pdpe1gb', 'base'),
  feature('80000001:edx', 29, 'lm', 'base'),
  feature('80000001:ecx', 8, '3dnowprefetch', 'base', { aliases: 'prefetchw' }),
  feature('1:ecx', 21, 'x2apic', 'base'),
  feature('1:ecx', 24, 'tsc_deadline_timer', 'base', { aliases: 'tsc-deadline' }),
  // And leaves from 4000_0000H on. Drivers and programs that refuse to run in a virtual machine ask for it.
  feature('1:ecx', 31, 'hypervisor', 'base', { isOptional: true }),
  // Linux then needs no watchdog on the TSC.
  feature('7:ebx', 1, 'tsc_adjust', 'base'),
  // The x87 operand pointer is updated by unmasked exceptions only; FCS and FDS are zero.
  feature('7:ebx', 6, 'fdp_excptn_only', 'base'),
  feature('7:ebx', 13, 'zero_fcs_fds', 'base'),
  feature('7:edx', 29, 'arch_capabilities', 'base', { vendor: 'GenuineIntel' }),
  // Leaf 8000_001EH; the x87 pointers are saved and restored whether or not an exception is pending.
  feature('80000001:ecx', 22, 'topoext', 'base', { vendor: 'AuthenticAMD' }),
  feature('80000008:ebx', 2, 'xsaveerptr', 'base', { vendor: 'AuthenticAMD' }),
  // No store is bypassed.
  feature('80000008:ebx', 26, 'amd_no_ssb', 'base', { vendor: 'AuthenticAMD' }),

  feature('1:ecx', 0, 'pni', 2, {
    aliases: 'sse3',
    instructions: 'addsubpd addsubps haddpd haddps hsubpd hsubps lddqu movddup movshdup movsldup fisttp',
  }),
  feature('1:ecx', 9, 'ssse3', 2, { needs: 'pni', instructions: SSSE3 }),
  feature('1:ecx', 13, 'cx16', 2, { instructions: 'cmpxchg16b' }),
  feature('1:ecx', 19, 'sse4_1', 2, { needs: 'ssse3', instructions: SSE4_1 }),
  feature('1:ecx', 20, 'sse4_2', 2, {
    needs: 'sse4_1',
    instructions: 'pcmpestri pcmpestrm pcmpistri pcmpistrm pcmpgtq crc32',
  }),
  feature('1:ecx', 23, 'popcnt', 2, { instructions: 'popcnt' }),
  // In 64-bit mode.
  feature('80000001:ecx', 0, 'lahf_lm', 2),

  feature('1:ecx', 22, 'movbe', 3, { instructions: 'movbe' }),
  feature('1:ecx', 26, 'xsave', 3, { instructions: 'xsave xrstor xgetbv xsetbv' }),
  // Rows that a feature does not name are told apart by row-features.ts.
  feature('1:ecx', 28, 'avx', 3, { needs: 'xsave' }),
  feature('7:ebx', 5, 'avx2', 3, { needs: 'avx' }),
  feature('1:ecx', 12, 'fma', 3, { needs: 'avx', instructions: FMA }),
  feature('1:ecx', 29, 'f16c', 3, { needs: 'avx', instructions: 'vcvtph2ps vcvtps2ph' }),
  feature('7:ebx', 3, 'bmi1', 3, { instructions: 'andn bextr blsi blsmsk blsr', prefixed: 'tzcnt' }),
  feature('7:ebx', 8, 'bmi2', 3, { instructions: 'bzhi mulx pdep pext rorx sarx shlx shrx' }),
  feature('80000001:ecx', 5, 'abm', 3, { aliases: 'lzcnt', prefixed: 'lzcnt' }),

  feature('1:ecx', 1, 'pclmulqdq', 'more', { aliases: 'pclmuldq', instructions: 'pclmulqdq' }),
  // The TLB holds one address space at a time, so a change of PCID flushes what is not global.
  feature('1:ecx', 17, 'pcid', 'more'),
  feature('1:ecx', 25, 'aes', 'more', {
    aliases: 'aes-ni',
    instructions: 'aesenc aesenclast aesdec aesdeclast aesimc aeskeygenassist',
  }),
  feature('1:ecx', 30, 'rdrand', 'more', { instructions: 'rdrand' }),
  feature('7:ebx', 0, 'fsgsbase', 'more', { instructions: 'rdfsbase rdgsbase wrfsbase wrgsbase' }),
  feature('7:ebx', 7, 'smep', 'more'),
  // Fast strings: REP MOVSB and STOSB, short ones, zero-length ones, STOSB, CMPSB and SCASB.
  feature('7:ebx', 9, 'erms', 'more'),
  feature('7:edx', 4, 'fsrm', 'more'),
  // Linux then serializes without an IRET to itself, which takes a hundred times as long here.
  feature('7:edx', 14, 'serialize', 'more', { vendor: 'GenuineIntel', instructions: 'serialize' }),
  feature('7.1:eax', 10, 'fzrm', 'more'),
  feature('7.1:eax', 11, 'fsrs', 'more'),
  feature('7.1:eax', 12, 'fsrc', 'more'),
  feature('7:ebx', 10, 'invpcid', 'more', { instructions: 'invpcid' }),
  feature('7:ebx', 18, 'rdseed', 'more', { instructions: 'rdseed' }),
  feature('7:ebx', 19, 'adx', 'more', { instructions: 'adcx adox' }),
  feature('7:ebx', 20, 'smap', 'more', { instructions: 'clac stac' }),
  feature('7:ebx', 23, 'clflushopt', 'more', { instructions: 'clflushopt' }),
  feature('7:ebx', 24, 'clwb', 'more', { instructions: 'clwb' }),
  feature('7:ebx', 29, 'sha_ni', 'more', {
    aliases: 'sha',
    instructions: 'sha1nexte sha1msg1 sha1msg2 sha256rnds2 sha256msg1 sha256msg2 sha1rnds4',
  }),
  feature('7:ecx', 8, 'gfni', 'more', {
    instructions: `gf2p8mulb gf2p8affineqb gf2p8affineinvqb
      vgf2p8mulb vgf2p8affineqb vgf2p8affineinvqb`,
  }),
  feature('7:ecx', 2, 'umip', 'more'),
  feature('7:ecx', 3, 'pku', 'more', { needs: 'xsave', instructions: 'rdpkru wrpkru' }),
  feature('7:ecx', 16, 'la57', 'more'),
  feature('7:ecx', 9, 'vaes', 'more', { needs: 'avx' }),
  feature('7:ecx', 10, 'vpclmulqdq', 'more', { needs: 'avx' }),
  feature('7:ecx', 22, 'rdpid', 'more', { instructions: 'rdpid' }),
  feature('d.1:eax', 0, 'xsaveopt', 'more', { needs: 'xsave', instructions: 'xsaveopt' }),
  feature('d.1:eax', 1, 'xsavec', 'more', { needs: 'xsave', instructions: 'xsavec' }),
  feature('d.1:eax', 3, 'xsaves', 'more', { needs: 'xsavec', instructions: 'xsaves xrstors' }),
  feature('d.1:eax', 2, 'xgetbv1', 'more', { needs: 'xsave' }),
  feature('80000001:edx', 27, 'rdtscp', 'more', { instructions: 'rdtscp' }),

  // HLT costs an idle guest less.
  feature('1:ecx', 3, 'monitor', 'asked', { instructions: 'monitor mwait' }),

  feature('80000001:ecx', 6, 'sse4a', 'more', {
    vendor: 'AuthenticAMD',
    instructions: 'movntss movntsd extrq insertq',
  }),
  feature('80000008:ebx', 0, 'clzero', 'more', { vendor: 'AuthenticAMD', instructions: 'clzero' }),
];

/** The bits of all features of each word. */
export function featureBits(features: Iterable<Feature>): number[] {
  const bits = FEATURE_WORDS.map(() => 0);
  for (const { word, bit } of features) {
    const index = FEATURE_WORDS.indexOf(word);
    bits[index] = ((bits[index] as number) | (1 << bit)) >>> 0;
  }
  return bits;
}
