/* Little but calls and returns: Takeuchi's function and Ackermann's. */
#include "programs.h"

static __attribute__((noinline)) int takeuchi(int x, int y, int z) {
  __asm__ volatile(""); /* or gcc turns some of the calls into loops */
  if (y >= x) return z;
  return takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

static __attribute__((noinline)) int ackermann(int m, int n) {
  __asm__ volatile("");
  if (m == 0) return n + 1;
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static uint64_t unit(void) {
  return (uint64_t)takeuchi(16, 10, 4) << 32 | (uint64_t)ackermann(2, 60);
}

const struct program calls_program = {"calls", 0, 0, unit};
