import { describe, expect, it } from 'vitest';
import { FEATURES } from '../../src/layout/features.ts';
import { CPU_MODELS, chooseCpu, DEFAULT_CPU, describeCpus } from '../../src/machine/cpu-models.ts';

const offered = (text: string): string[] => {
  const { withheld } = chooseCpu(text);
  return FEATURES.map(({ name }) => name).filter((name) => !withheld.has(name));
};

describe('models of the processor', () => {
  it('have more from level to level', () => {
    const counts = CPU_MODELS.map(({ name }) => offered(name).length);
    expect(counts).toEqual([...new Set(counts)].sort((a, b) => a - b));
    const ofAmd = ['topoext', 'xsaveerptr', 'amd_no_ssb'];
    // What has to be asked for.
    const asked = ['monitor', 'sse4a', 'clzero'];
    expect([...chooseCpu('max').withheld]).toEqual([...ofAmd, ...asked]);
    expect([...chooseCpu(DEFAULT_CPU).withheld]).toEqual([...ofAmd, 'la57', ...asked]);
    expect(offered('x86-64-v1,+monitor')).toContain('monitor');
    // System V ABI, AMD64 supplement.
    expect(offered('x86-64-v2')).toEqual(
      expect.arrayContaining(['cx16', 'lahf_lm', 'popcnt', 'pni', 'ssse3', 'sse4_1', 'sse4_2']),
    );
    expect(offered('x86-64-v2')).not.toContain('bmi1');
    expect(offered('x86-64-v3')).toEqual(expect.arrayContaining(['abm', 'bmi1', 'bmi2', 'movbe', 'xsave']));
  });

  it('take features by any of their names, with what they need', () => {
    expect(offered('x86-64-v1,+sse4.2')).toEqual(
      expect.arrayContaining(['pni', 'ssse3', 'sse4_1', 'sse4_2']),
    );
    expect(offered('x86-64-v1,+LZCNT')).toContain('abm');
    expect(offered('x86-64-v2,+xsaveopt')).toContain('xsave');
  });

  it('lose features with what needs them, whatever the order', () => {
    const all = 'max,+monitor,+sse4a,+clzero,+topoext,+xsaveerptr,+amd_no_ssb';
    const lost = (changes: string): string[] => [...chooseCpu(`${all}${changes}`).withheld].sort();
    expect(lost(',-ssse3,+sse4_2')).toEqual(['sse4_1', 'sse4_2', 'ssse3']);
    const avx = ['avx', 'avx2', 'f16c', 'fma', 'vaes', 'vpclmulqdq'];
    const others = ['pku', 'xgetbv1', 'xsave', 'xsavec', 'xsaveopt', 'xsaves'];
    expect(lost(',-xsave')).toEqual([...avx, ...others].sort());
  });

  it('may be without a hypervisor', () => {
    expect(offered('x86-64-v1')).toContain('hypervisor');
    expect(offered('x86-64-v1,-hypervisor')).not.toContain('hypervisor');
  });

  it('are of a vendor', () => {
    expect(chooseCpu('max').vendor).toBe('GenuineIntel');
    const amd = 'max,-la57,vendor=AuthenticAMD';
    expect(chooseCpu(amd).vendor).toBe('AuthenticAMD');
    expect([...chooseCpu(amd).withheld]).toEqual(['arch_capabilities', 'serialize', 'la57', 'monitor']);
    expect(offered('x86-64-v1,vendor=AuthenticAMD')).not.toContain('sse4a');
    expect(offered('max,vendor=AuthenticAMD,-clzero')).not.toContain('clzero');
    expect(offered('max,vendor=AuthenticAMD,+arch_capabilities')).toContain('arch_capabilities');
    expect(chooseCpu('max,vendor=AuthenticAMD,vendor=GenuineIntel').vendor).toBe('GenuineIntel');
  });

  it.each([
    ['max,vendor=AMD', '"AMD" is no vendor; the nearest is AuthenticAMD'],
    ['max,vendor=AuthenticAMD,-topoext', 'every processor here has topoext'],
    ['x86-64-v8', '"x86-64-v8" is no processor model; the nearest is x86-64-v1'],
    ['max,+aesx', '"aesx" is no feature; the nearest is aes'],
    ['max,-bmi3', '"bmi3" is no feature; the nearest is bmi1'],
    ['max,aes', '"aes": a feature has + or - before its name'],
    ['max,-sse2', 'every processor here has sse2'],
  ])('refuse %s', (text, message) => {
    expect(() => chooseCpu(text)).toThrow(message);
  });

  it('are described', () => {
    const text = describeCpus();
    for (const { name } of [...FEATURES, ...CPU_MODELS]) expect(text).toContain(name);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(101);
  });
});
