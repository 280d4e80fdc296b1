/* One thing each, of which the result of a unit is how often it was done. */
#include "programs.h"
#include "../system.h"

#define ADDRESS(name) &name##_program,
static const struct program *const programs[] = {MICRO_PROGRAMS(ADDRESS) 0};

int main(int argc, char **argv) {
  run_programs(programs, argc, argv);
  finish();
}
