/* What a processor can do by itself: the programs of this folder, one a file. */
#include "programs.h"
#include "../system.h"

#define ADDRESS(name) &name##_program,
static const struct program *const programs[] = {COMPUTE_PROGRAMS(ADDRESS) 0};

int main(int argc, char **argv) {
  run_programs(programs, argc, argv);
  finish();
}
