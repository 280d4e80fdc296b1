/* The first touch of pages, each a page fault. */
#include "programs.h"

enum { PAGES = 256 };

static uint64_t unit(void) {
  char *pages = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  uint64_t zeros = 1;
  for (long i = 0; i < PAGES; i++) {
    zeros += pages[i * PAGE + i] == 0;
    pages[i * PAGE + i] = 1;
  }
  call3(SYS_MUNMAP, (long)pages, (long)PAGES * PAGE, 0);
  return zeros;
}

const struct program page_fault_program = {"page_fault", 0, 0, unit};
