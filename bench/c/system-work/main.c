/* What a processor does for an operating system: the programs of this folder, one a file. */
#include "programs.h"

#define ADDRESS(name) &name##_program,
static const struct program *const programs[] = {SYSTEM_PROGRAMS(ADDRESS) 0};

const char *own_path;

/* The guest has one processor, so that a switch is a switch; natively, this takes the others away. */
static void use_one_processor(void) {
  unsigned long allowed[128], first[128] = {0};
  long size = call3(SYS_SCHED_GETAFFINITY, 0, sizeof allowed, (long)allowed);
  for (long i = 0; i < size / (long)sizeof *allowed; i++) {
    if (!allowed[i]) continue;
    first[i] = allowed[i] & -allowed[i];
    break;
  }
  call3(SYS_SCHED_SETAFFINITY, 0, size, (long)first);
}

int main(int argc, char **argv) {
  if (argc == 2 && same_text(argv[1], END_AT_ONCE)) finish();
  own_path = argv[0];
  use_one_processor();
  run_programs(programs, argc, argv);
  finish();
}
