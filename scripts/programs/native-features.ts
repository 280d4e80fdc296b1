/** Tells programs on the host to do without processor features that the guest's processor has not. */

const AVX512 = ['AVX512F', 'AVX512VL', 'AVX512BW', 'AVX512DQ', 'AVX512CD'];
const AVX = ['AVX', 'AVX2', 'FMA', 'F16C', 'BMI1', 'BMI2', 'LZCNT', 'MOVBE'];

/** OPENSSL_ia32cap clears bits of CPUID.1 EDX and ECX, and of CPUID.7 EBX and ECX, by `~mask:~mask`. */
const IA32CAP_AVX512 = { leaf1: 0n, leaf7: bits([16, 17, 21, 26, 27, 28, 30, 31]) };
/** Besides: PCLMULQDQ, FMA, AES, AVX, F16C; BMI1, AVX2, BMI2, ADX, SHA; VAES, VPCLMULQDQ. */
const IA32CAP_AVX = { leaf1: bits([33, 44, 57, 60, 61]), leaf7: bits([3, 5, 8, 19, 29, 32 + 9, 32 + 10]) };

function bits(numbers: readonly number[]): bigint {
  return numbers.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}

/**
 * Environment for a native run that is to be like a guest's with a model of --cpu, as NAME=VALUE. What a program finds
 * with CPUID itself it goes on using.
 */
export function nativeEnvironment(cpu: string): string[] {
  const hasAvx = !/^x86-64-v[12](,|$)/.test(cpu);
  const without = hasAvx ? AVX512 : [...AVX512, ...AVX];
  const leaf1 = hasAvx ? 0n : IA32CAP_AVX.leaf1;
  const leaf7 = IA32CAP_AVX512.leaf7 | (hasAvx ? 0n : IA32CAP_AVX.leaf7);
  return [
    `GLIBC_TUNABLES=glibc.cpu.hwcaps=${without.map((name) => `-${name}`).join(',')}`,
    `OPENSSL_ia32cap=~0x${leaf1.toString(16)}:~0x${leaf7.toString(16)}`,
  ];
}
