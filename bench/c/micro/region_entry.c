/*
 * LAHF never becomes part of compiled code, and what follows it does: each time round the loop compiled code is left for the
 * instruction's handler and entered again.
 */
#include "programs.h"

enum { ROUNDS = 50000 };

static uint64_t unit(void) {
  unsigned count = ROUNDS;
  __asm__ volatile(
      "1: lahf\n"
      " dec %0\n"
      " jnz 1b"
      : "+r"(count)
      :
      : "eax", "cc");
  return ROUNDS;
}

const struct program region_entry_program = {"region_entry", 0, 0, unit};
