/* An interpreter of a stack machine: its program counts the steps of Collatz' sequences. */
#include "programs.h"

enum operation { PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, ODD, LESS, JUMP, JUMP_ZERO, STOP };
enum { NUMBER, VALUE, STEPS, VARIABLES };
enum { LAST = 300 };

static const int code[] = {
    PUSH, 1, STORE, NUMBER,
    /* 4: for each number */
    LOAD, NUMBER, STORE, VALUE,
    /* 8: while 1 < value */
    PUSH, 1, LOAD, VALUE, LESS, JUMP_ZERO, 46,
    LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS,
    LOAD, VALUE, ODD, JUMP_ZERO, 39,
    LOAD, VALUE, PUSH, 3, MULTIPLY, PUSH, 1, ADD, STORE, VALUE, JUMP, 8,
    /* 39: an even value */
    LOAD, VALUE, HALVE, STORE, VALUE, JUMP, 8,
    /* 46: the next number */
    LOAD, NUMBER, PUSH, 1, ADD, STORE, NUMBER, LOAD, NUMBER, PUSH, LAST, LESS, JUMP_ZERO, 62, JUMP, 4,
    /* 62 */
    STOP};

static const int *volatile program_code = code;

static uint64_t interpret(const int *start) {
  long stack[16], variables[VARIABLES] = {0};
  long *top = stack;
  for (const int *at = start;;) {
    switch ((enum operation)*at++) {
      case PUSH: *top++ = *at++; break;
      case LOAD: *top++ = variables[*at++]; break;
      case STORE: variables[*at++] = *--top; break;
      case ADD: top--; top[-1] += *top; break;
      case MULTIPLY: top--; top[-1] *= *top; break;
      case HALVE: top[-1] >>= 1; break;
      case ODD: top[-1] &= 1; break;
      case LESS: top--; top[-1] = top[-1] < *top; break;
      case JUMP: at = start + *at; break;
      case JUMP_ZERO: at = *--top ? at + 1 : start + *at; break;
      case STOP: return (uint64_t)variables[STEPS];
    }
  }
}

static uint64_t unit(void) {
  return interpret(program_code);
}

const struct program bytecode_program = {"bytecode", 0, 0, unit};
