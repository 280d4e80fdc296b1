/*
 * What a guest does that is hard on an emulator, for the soak test; static, run in the guest.
 *   workload jit   writes small functions into executable memory and calls each a few thousand times, for ever
 *   workload rep   fills, copies and scans 64 MiB with repeated string instructions, for ever
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define POOL (8 << 20)
#define FUNCTION 64
#define CALLS 3000
#define AREA (64 << 20)

static unsigned char *map(size_t bytes, int protection) {
  void *memory = mmap(0, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    return 0;
  }
  return memory;
}

/* mov eax,imm32; mov ecx,10; add eax,ecx; dec ecx; jnz -6; ret */
static void write_function(unsigned char *at, uint32_t constant) {
  static const unsigned char loop[] = {0xb9, 10, 0, 0, 0, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xfa, 0xc3};
  at[0] = 0xb8;
  memcpy(at + 1, &constant, 4);
  memcpy(at + 5, loop, sizeof loop);
}

static int jit(void) {
  unsigned char *pool = map(POOL, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (!pool) return 1;
  for (uint32_t round = 0;; round++) {
    for (size_t offset = 0; offset < POOL; offset += FUNCTION) {
      uint32_t constant = round * 77 + (uint32_t)offset;
      write_function(pool + offset, constant);
      for (int i = 0; i < CALLS; i++) {
        if (((uint32_t(*)(void))(pool + offset))() != constant + 55) {
          puts("workload: a generated function gave a wrong result");
          return 1;
        }
      }
    }
  }
}

static int rep(void) {
  unsigned char *area = map(2 * AREA, PROT_READ | PROT_WRITE);
  if (!area) return 1;
  for (unsigned char byte = 1;; byte = byte == 255 ? 1 : byte + 1) {
    void *to = area;
    size_t count = AREA;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(byte) : "memory");
    void *from = area;
    to = area + AREA;
    count = AREA;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    to = area + AREA;
    count = AREA;
    __asm__ volatile("repe scasb" : "+D"(to), "+c"(count) : "a"(byte) : "cc", "memory");
    if (count != 0 || area[2 * AREA - 1] != byte) {
      puts("workload: a repeated string instruction gave a wrong result");
      return 1;
    }
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "jit") == 0) return jit();
  if (argc == 2 && strcmp(argv[1], "rep") == 0) return rep();
  fputs("usage: workload jit|rep\n", stderr);
  return 2;
}
