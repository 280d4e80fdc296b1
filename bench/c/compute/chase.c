/* Follows pointers through more pages than a TLB has entries, one pointer a page, in random order. */
#include "programs.h"
#include "../system.h"

enum { PAGE = 4096, PAGES = 16384, STEPS = 8192 };

enum { NO_HUGE_PAGES = 15 }; /* of madvise(2) */

static char pages[(long)PAGES * PAGE] __attribute__((aligned(PAGE)));
static unsigned order[PAGES];

static unsigned *cell(unsigned page) {
  /* Not the same line of each page, or the cache would have few sets for them. */
  return (unsigned *)(pages + (long)page * PAGE + page % 61 * 64);
}

static void prepare(void) {
  call3(SYS_MADVISE, (long)pages, sizeof pages, NO_HUGE_PAGES);
  shuffled(order, PAGES);
  for (unsigned i = 0; i < PAGES; i++) *cell(order[i]) = order[(i + 1) % PAGES];
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  unsigned page = order[0];
  for (int i = 0; i < STEPS; i++) {
    page = *cell(page);
    hash = mix(hash, page);
  }
  return hash;
}

const struct program chase_program = {"chase", 0, prepare, unit};
