/**
 * Vendors whose processors this one can be: what CPUID calls it, and in what they differ. Sources: Intel SDM Vol. 2, AMD64
 * Architecture Programmer's Manual (APM) Vol. 2 and 3, by mnemonic.
 *
 * | what | GenuineIntel | AuthenticAMD |
 * |---|---|---|
 * | SYSCALL, SYSRET | in 64-bit mode | in compatibility and legacy mode, too: CSTAR, STAR |
 * | SYSENTER, SYSEXIT | in every protected mode | #UD in long mode |
 * | SYSRET | loads all of SS; #GP(0) before it, if RIP is not canonical | changes SS's selector only; #GP(0) behind it |
 * | far JMP and CALL, LSS, LFS, LGS with REX.W | offsets of 64 bits | offsets of 32 bits |
 * | LAR of an LDT in long mode | is refused | is answered |
 * | LAR and LSL of a system descriptor in long mode | look at its lower half | the type in the upper half has to be 0 |
 * | near branches with 66 in 64-bit mode | 66 means nothing | RIP is cut to 16 bits, displacements have 16 |
 * | CPUID | caches in leaf 4, frequencies in 15H and 16H, SYSCALL in 64-bit mode only | caches in 8000_001DH, a copy of 1:EDX in 8000_0001H |
 * | PREFETCH with a register | does nothing | #UD |
 * | DPPS, DPPD with several NaNs | each element is summed in an order of its own | all from element 0 on |
 * | VCVTPS2PH of a denormal, underflow not masked | PE and UE | UE |
 * | VCVTPS2PH to memory | MXCSR gets its flags, or #XM is raised, before the memory is looked at | after it |
 * | SHA instructions, memory that is not aligned | #GP(0) | is read |
 * | MOVD, MOVQ, MOVNTQ of an MMX register to memory that faults | TOP is zero | TOP as before |
 * | VMASKMOV, VPMASKMOV | an address that is not canonical is found first; of a store's second page the last byte faults | each element is an access of its own |
 * | REP CMPS and SCAS, where an element faults | flags as before | flags of the element before |
 * | FXSAVE, XSAVE with no x87 exception pending | FOP, FIP, FDP | zeros in their place |
 * | a leaf that does not exist | is the highest basic one | is zero |
 * | MSRs | IA32_MISC_ENABLE, IA32_PLATFORM_ID, IA32_BIOS_UPDT_TRIG | SYSCFG, HWCR, NB_CFG; without a hypervisor PerfEvtSel0-3, PerfCtr0-3, which RDPMC reads, and which count nothing |
 *
 * No difference is made where AMD's current processors do as Intel's: a null selector clears the base (which leaf 8000_0021H
 * says), BSF and BSR of zero leave their destination alone.
 *
 * Rows of the instruction table that only one vendor has say so (Row.vendor); the rest asks isAmd() of the runtime.
 */
export const VENDORS = ['GenuineIntel', 'AuthenticAMD'] as const;
export type Vendor = (typeof VENDORS)[number];
export const DEFAULT_VENDOR: Vendor = 'GenuineIntel';
