/* Mapping memory and unmapping it again, one page of sixteen touched. */
#include "programs.h"

enum { MAPPINGS = 100, PAGES = 16 };

static uint64_t unit(void) {
  uint64_t zeros = 1;
  for (int i = 0; i < MAPPINGS; i++) {
    char *pages = map_pages(PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    zeros += pages[i] == 0;
    pages[i] = 1;
    call3(SYS_MUNMAP, (long)pages, (long)PAGES * PAGE, 0);
  }
  return zeros;
}

const struct program map_program = {"map", 0, 0, unit};
