/* A byte that goes to another process through a pipe and comes back through another. */
#include "programs.h"

enum { TRIPS = 100, READ_END = 0, WRITE_END = 1 };

static int there[2], back[2];

static void answer(void) {
  char byte;
  if (call3(SYS_READ, there[READ_END], (long)&byte, 1) != 1) call3(SYS_EXIT, 0, 0, 0);
  byte++;
  call3(SYS_WRITE, back[WRITE_END], (long)&byte, 1);
}

static void prepare(void) {
  call3(SYS_PIPE, (long)there, 0, 0);
  call3(SYS_PIPE, (long)back, 0, 0);
  start_partner(answer);
}

static uint64_t unit(void) {
  char byte = 1;
  for (int i = 0; i < TRIPS; i++) {
    call3(SYS_WRITE, there[WRITE_END], (long)&byte, 1);
    call3(SYS_READ, back[READ_END], (long)&byte, 1);
  }
  return (unsigned char)byte;
}

const struct program pipe_program = {"pipe", 0, prepare, unit};
