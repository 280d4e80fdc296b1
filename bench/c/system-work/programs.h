#ifndef PROGRAMS_H
#define PROGRAMS_H

#include "../harness.h"
#include "../system.h"

#define SYSTEM_PROGRAMS(each) \
  each(null_call) each(process) each(pipe) each(page_fault) each(map) each(switch) each(timer) each(self_modify)

#define DECLARE(name) extern const struct program name##_program;
SYSTEM_PROGRAMS(DECLARE)
#undef DECLARE

/* The argument that makes this executable end at once, and its own path. */
#define END_AT_ONCE "end"
extern const char *own_path;

/* More numbers of syscall_64.tbl; these programs are of 64 bits only. */
enum {
  SYS_MMAP = 9,
  SYS_MUNMAP = 11,
  SYS_PIPE = 22,
  SYS_NANOSLEEP = 35,
  SYS_FORK = 57,
  SYS_EXECVE = 59,
  SYS_WAIT4 = 61,
  SYS_GETPPID = 110,
  SYS_PRCTL = 157,
  SYS_FUTEX = 202,
  SYS_SCHED_SETAFFINITY = 203,
  SYS_SCHED_GETAFFINITY = 204
};

/* mmap(2) */
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 32, PAGE = 4096 };

static inline void *map_pages(long pages, long protection, long flags) {
  return (void *)call6(SYS_MMAP, 0, pages * PAGE, protection, flags | MAP_ANONYMOUS, -1, 0);
}

/* Starts a process that does its half of the work until this one ends. */
static inline void start_partner(void (*work)(void)) {
  enum { PR_SET_PDEATHSIG = 1, SIGKILL = 9 };
  if (call3(SYS_FORK, 0, 0, 0) != 0) return;
  call3(SYS_PRCTL, PR_SET_PDEATHSIG, SIGKILL, 0);
  for (;;) work();
}

#endif
