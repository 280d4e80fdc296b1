/* Loads that follow each other through one line a page: of pages that the TLB of any emulator has, and of more than it has. */
#include "programs.h"
#include "../system.h"

enum { PAGE = 4096, FEW = 256, MANY = 32768, STEPS = 32768 };
enum { NO_HUGE_PAGES = 15 }; /* of madvise(2) */

static char pages[(long)MANY * PAGE] __attribute__((aligned(PAGE)));
static unsigned order[MANY];

/* Not the same line of each page, or the cache would have few sets for them. */
static char *cell(unsigned page) {
  return pages + (long)page * PAGE + page % 61 * 64;
}

/* A ring through the first pages, in random order. */
static void link(unsigned count) {
  call3(SYS_MADVISE, (long)pages, sizeof pages, NO_HUGE_PAGES);
  shuffled(order, count);
  for (unsigned i = 0; i < count; i++) *(char **)cell(order[i]) = cell(order[(i + 1) % count]);
}

static void link_few(void) {
  link(FEW);
}
static void link_many(void) {
  link(MANY);
}

static uint64_t unit(void) {
  static char *at;
  if (!at) at = cell(order[0]);
  char *here = at;
  for (int i = 0; i < STEPS; i++) here = *(char *volatile *)here;
  at = here;
  return STEPS;
}

const struct program tlb_hit_program = {"tlb_hit", 0, link_few, unit};
const struct program tlb_miss_program = {"tlb_miss", 0, link_many, unit};
