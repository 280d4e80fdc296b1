/* The shortest sleep: each sets the timer, stops the processor and ends with the timer's interrupt. */
#include "programs.h"

enum { SLEEPS = 10 };

static void prepare(void) {
  enum { PR_SET_TIMERSLACK = 29 };
  call3(SYS_PRCTL, PR_SET_TIMERSLACK, 1, 0);
}

static uint64_t unit(void) {
  const long shortest[2] = {0, 1};
  uint64_t slept = 1;
  for (int i = 0; i < SLEEPS; i++) slept += call3(SYS_NANOSLEEP, (long)shortest, 0, 0) == 0;
  return slept;
}

const struct program timer_program = {"timer", 0, prepare, unit};
