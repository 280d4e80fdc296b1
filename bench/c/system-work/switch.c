/* Two processes that wake each other by a futex, so that each time the processor goes from one to the other. */
#include "programs.h"

enum { SWITCHES = 100, FUTEX_WAIT = 0, FUTEX_WAKE = 1, OURS = 0, THEIRS = 1 };

static volatile int *turn;

static void hand_over(int from, int to) {
  while (*turn != from) call6(SYS_FUTEX, (long)turn, FUTEX_WAIT, to, 0, 0, 0);
  *turn = to;
  call3(SYS_FUTEX, (long)turn, FUTEX_WAKE, 1);
}

static void answer(void) {
  hand_over(THEIRS, OURS);
}

static void prepare(void) {
  turn = map_pages(1, PROT_READ | PROT_WRITE, MAP_SHARED);
  start_partner(answer);
}

static uint64_t unit(void) {
  uint64_t count = 1;
  for (int i = 0; i < SWITCHES; i++) {
    hand_over(OURS, THEIRS);
    count++;
  }
  return count;
}

const struct program switch_program = {"switch", 0, prepare, unit};
