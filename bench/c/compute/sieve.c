/* The sieve of Eratosthenes, a byte a number. */
#include "programs.h"

enum { LIMIT = 200000, ROOT = 447 };

static unsigned char composite[LIMIT];

static uint64_t unit(void) {
  uint64_t count = 0, last = 0;
  for (int i = 0; i < LIMIT; i++) composite[i] = 0;
  for (int i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    count++;
    last = (uint64_t)i;
    if (i > ROOT) continue; /* the square is beyond the limit, and perhaps beyond 32 bits */
    for (long multiple = (long)i * i; multiple < LIMIT; multiple += i) composite[multiple] = 1;
  }
  return count << 32 | last;
}

const struct program sieve_program = {"sieve", 0, 0, unit};
