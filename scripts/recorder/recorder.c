// Runs test cases natively on this machine's CPU and reports the state each one leaves behind.
//
// stdin is a sequence of `input` records, stdout a sequence of `output` records, each followed by its
// variable part (see native.ts, the only program that speaks this protocol). Before them, stdin has the LDT: a
// count and so many descriptors.
//
// How a case runs: the code area is filled with INT3 and the case's bytes are copied to it. An INT3 in
// main() raises SIGTRAP; the handler overwrites the interrupted context with the state of the case, so
// that the kernel's return from the signal loads every register at once. The case ends with the INT3 after
// it (or at the target of its jump) or with a fault; either is a second signal, whose context is the result.

#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

// These agree with test/vectors/layout.ts. Pages on both sides of both areas stay unmapped.
#define SCRATCH 0x10000000u
#define SCRATCH_SIZE 0x2000u
#define CODE 0x20000000u
#define CODE_SIZE 0x2000u

#define FXSAVE_SIZE 512
#define FXSAVE_USED 416     // the rest is reserved, and used by the kernel in signal frames
#define XSTATE_BV_OFFSET 512
#define XSTATE_X87_SSE_AVX 7
#define YMM_OFFSET 576      // upper halves of the YMM registers, in the standard format of XSAVE
#define YMM_SIZE 256
#define TRAP_BREAKPOINT 3
#define WRITE_LDT 0x11      // function of modify_ldt()
#define CODE_64 0x33        // Linux' selector of 64-bit code
#define CHUNK 256           // bytes of the scratch area that are compared at once
#define FLAGS_INITIAL 0x202 // IF and the bit that is always one

struct segments {
  uint64_t es, cs, ss, ds, fs, gs; // selectors
};

struct input {
  uint32_t codeLength;
  uint32_t patchCount;
  uint64_t codeAddress; // linear; RIP is an offset in the code segment
  struct segments segments;
  uint64_t rip;
  uint64_t gpr[16];
  uint64_t rflags;
  uint8_t fxsave[FXSAVE_SIZE];
  uint8_t ymmHigh[YMM_SIZE];
  // The code, of codeLength bytes, and the patches follow.
};

struct patch {
  uint32_t address;
  uint32_t length;
};

struct output {
  struct segments segments;
  uint64_t gpr[16];
  uint64_t rip;
  uint64_t rflags;
  uint64_t vector; // TRAP_BREAKPOINT: the case ended normally
  uint64_t errorCode;
  uint64_t address; // CR2
  uint8_t fxsave[FXSAVE_SIZE];
  uint8_t ymmHigh[YMM_SIZE];
  uint64_t changeCount;
};

struct change {
  uint32_t address;
  uint32_t value;
};

// Encoding order of the general registers, as indices into the kernel's signal context.
enum { RSP = 4 };
static const int gregs[16] = {
  REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
  REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static struct input input;
static struct output output;
static volatile int running;
static gregset_t savedGregs;
static uint8_t savedFxsave[FXSAVE_USED];
static unsigned long caseNumber;
static uint64_t threadBase; // FS base, which thread-local storage needs

// 64-bit code has no use for DS, ES, FS and GS, and the kernel leaves them as they are: a case's are in the registers when
// its signal comes, and those of the next are put there before the handler returns.

static struct segments takeSegments(void) {
  struct segments taken = {0};
  __asm__ volatile("movw %%es, %w0" : "=r"(taken.es));
  __asm__ volatile("movw %%ds, %w0" : "=r"(taken.ds));
  __asm__ volatile("movw %%fs, %w0" : "=r"(taken.fs));
  __asm__ volatile("movw %%gs, %w0" : "=r"(taken.gs));
  __asm__ volatile("wrfsbase %0" : : "r"(threadBase));
  return (struct segments){.es = (uint16_t)taken.es, .ds = (uint16_t)taken.ds, .fs = (uint16_t)taken.fs, .gs = (uint16_t)taken.gs};
}

// Null selectors leave the base alone on some processors.
static void putSegments(const struct segments *segments) {
  __asm__ volatile("movw %w0, %%es" : : "r"(segments->es));
  __asm__ volatile("movw %w0, %%ds" : : "r"(segments->ds));
  __asm__ volatile("movw %w0, %%gs" : : "r"(segments->gs));
  if (segments->gs == 0) __asm__ volatile("wrgsbase %0" : : "r"(0ul));
  __asm__ volatile("movw %w0, %%fs" : : "r"(segments->fs));
  if (segments->fs == 0) __asm__ volatile("wrfsbase %0" : : "r"(0ul));
}

static void enterCase(gregset_t *registers, uint8_t *fxsave) {
  memcpy(&savedGregs, registers, sizeof savedGregs);
  memcpy(savedFxsave, fxsave, FXSAVE_USED);
  for (int i = 0; i < 16; i++) (*registers)[gregs[i]] = (greg_t)input.gpr[i];
  (*registers)[REG_RIP] = (greg_t)input.rip;
  (*registers)[REG_EFL] = (greg_t)input.rflags;
  uint16_t *saved = (uint16_t *)&(*registers)[REG_CSGSFS]; // CS, GS, FS, SS
  saved[0] = (uint16_t)input.segments.cs;
  saved[3] = (uint16_t)input.segments.ss;
  memcpy(fxsave, input.fxsave, FXSAVE_USED);
  memcpy(fxsave + YMM_OFFSET, input.ymmHigh, YMM_SIZE);
  *(uint64_t *)(fxsave + XSTATE_BV_OFFSET) |= XSTATE_X87_SSE_AVX;
  putSegments(&input.segments);
}

static void leaveCase(gregset_t *registers, uint8_t *fxsave, const struct segments *segments) {
  const uint16_t *saved = (const uint16_t *)&(*registers)[REG_CSGSFS];
  output.segments = *segments;
  output.segments.cs = saved[0];
  output.segments.ss = saved[3];
  for (int i = 0; i < 16; i++) output.gpr[i] = (uint64_t)(*registers)[gregs[i]];
  // After an IRET to a stack of 16 bits the upper half is undefined: on AMD's processors it is that of the kernel's stack.
  // Source: Intel SDM Vol. 1 "General-Purpose Registers in 64-Bit Mode".
  if (input.segments.cs != CODE_64) output.gpr[RSP] = (uint32_t)output.gpr[RSP];
  output.rip = (uint64_t)(*registers)[REG_RIP];
  output.rflags = (uint64_t)(*registers)[REG_EFL];
  output.vector = (uint64_t)(*registers)[REG_TRAPNO];
  output.errorCode = (uint64_t)(*registers)[REG_ERR];
  output.address = (uint64_t)(*registers)[REG_CR2];
  memcpy(output.fxsave, fxsave, FXSAVE_USED);
  // A component in its initial state is not in the frame.
  if (*(uint64_t *)(fxsave + XSTATE_BV_OFFSET) & 4) memcpy(output.ymmHigh, fxsave + YMM_OFFSET, YMM_SIZE);
  else memset(output.ymmHigh, 0, YMM_SIZE);
  if (output.vector == TRAP_BREAKPOINT) output.rip--;
  memcpy(registers, &savedGregs, sizeof savedGregs);
  memcpy(fxsave, savedFxsave, FXSAVE_USED);
}

static void onSignal(int number, siginfo_t *info, void *context) {
  const struct segments segments = takeSegments();
  // A case may have set AC, which would make this handler's own unaligned accesses fault, and ID, which
  // the kernel would hand on to the next case.
  __asm__ volatile("pushq %0\n\tpopfq" : : "i"(FLAGS_INITIAL) : "cc", "memory");
  (void)info;
  ucontext_t *frame = context;
  if (number == SIGALRM) {
    fprintf(stderr, "case %lu does not end\n", caseNumber);
    _exit(1);
  }
  gregset_t *registers = &frame->uc_mcontext.gregs;
  uint8_t *fxsave = (uint8_t *)frame->uc_mcontext.fpregs;
  if (!running && number == SIGTRAP) {
    running = 1;
    enterCase(registers, fxsave);
  } else if (running) {
    running = 0;
    leaveCase(registers, fxsave, &segments);
  } else {
    fprintf(stderr, "signal %d at %llx outside of a case\n", number, (long long)(*registers)[REG_RIP]);
    _exit(1);
  }
}

static void mapArea(uintptr_t address, size_t size, int protection) {
  void *area = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (area != (void *)address) {
    perror("mmap");
    exit(1);
  }
}

static void installHandlers(void) {
  static uint8_t signalStack[1 << 16];
  stack_t stack = {.ss_sp = signalStack, .ss_size = sizeof signalStack};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  const int signals[] = {SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

static void readExactly(void *buffer, size_t size) {
  if (fread(buffer, 1, size, stdin) != size) {
    fprintf(stderr, "input ends within case %lu\n", caseNumber);
    exit(1);
  }
}

static void writeLdt(void) {
  uint32_t count;
  readExactly(&count, sizeof count);
  for (uint32_t i = 0; i < count; i++) {
    struct user_desc descriptor;
    readExactly(&descriptor, sizeof descriptor);
    // A kernel may have no LDT, or no 16-bit segments: then cases that use them raise #GP, which native-problem.ts looks for.
    syscall(SYS_modify_ldt, WRITE_LDT, &descriptor, sizeof descriptor);
  }
}

// The initial content of scratch memory; the same function as scratchByte() in test/vectors/layout.ts.
static uint8_t scratchByte(uint32_t address) {
  return (uint8_t)((address * 0x9e3779b1u) >> 24);
}

int main(void) {
  static uint8_t initial[SCRATCH_SIZE], before[SCRATCH_SIZE];
  static struct change changes[SCRATCH_SIZE];
  uint8_t *scratch = (uint8_t *)(uintptr_t)SCRATCH;
  uint8_t *code = (uint8_t *)(uintptr_t)CODE;
  mapArea(SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE);
  mapArea(CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  __asm__("rdfsbase %0" : "=r"(threadBase));
  installHandlers();
  writeLdt();
  for (uint32_t i = 0; i < SCRATCH_SIZE; i++) initial[i] = scratchByte(SCRATCH + i);

  while (fread(&input, 1, sizeof input, stdin) == sizeof input) {
    memset(code, 0xcc, CODE_SIZE);
    readExactly((void *)(uintptr_t)input.codeAddress, input.codeLength);
    memcpy(before, initial, SCRATCH_SIZE);
    for (uint32_t i = 0; i < input.patchCount; i++) {
      struct patch patch;
      readExactly(&patch, sizeof patch);
      readExactly(before + (patch.address - SCRATCH), patch.length);
    }
    memcpy(scratch, before, SCRATCH_SIZE);

    alarm(10);
    __asm__ volatile("int3" : : : "memory", "cc");

    output.changeCount = 0;
    for (uint32_t start = 0; start < SCRATCH_SIZE; start += CHUNK) {
      if (memcmp(scratch + start, before + start, CHUNK) == 0) continue;
      for (uint32_t i = start; i < start + CHUNK; i++) {
        if (scratch[i] != before[i]) changes[output.changeCount++] = (struct change){SCRATCH + i, scratch[i]};
      }
    }
    fwrite(&output, sizeof output, 1, stdout);
    fwrite(changes, sizeof *changes, output.changeCount, stdout);
    caseNumber++;
  }
  return fflush(stdout) ? 1 : 0;
}
