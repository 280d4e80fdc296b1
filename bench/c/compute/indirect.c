/* Calls through pointers of objects, as virtual functions, with the kinds in random order. */
#include "programs.h"

enum { OBJECTS = 4096, KINDS = 8, ROUNDS = 8 };

struct object;
typedef unsigned method(struct object *, unsigned);

struct object {
  method *const *methods;
  unsigned state;
};

#define KIND(n, change, tell)                                                                  \
  static unsigned change_##n(struct object *self, unsigned x) { return self->state = (change); } \
  static unsigned tell_##n(struct object *self, unsigned x) { return (tell); }                  \
  static method *const methods_##n[] = {change_##n, tell_##n};

KIND(0, self->state + x, self->state ^ x)
KIND(1, self->state - x, self->state + 1 + x)
KIND(2, self->state ^ x, self->state * 3 + x)
KIND(3, self->state * 5 + x, x - self->state)
KIND(4, (self->state | 1) * (x | 1), self->state >> 3 ^ x)
KIND(5, self->state << 1 ^ x, self->state & x)
KIND(6, ~self->state + x, self->state | x)
KIND(7, (self->state >> 7 | self->state << 25) + x, self->state - x)

static method *const *const kinds[KINDS] = {methods_0, methods_1, methods_2, methods_3,
                                            methods_4, methods_5, methods_6, methods_7};
static struct object objects[OBJECTS];

static uint64_t unit(void) {
  uint64_t seed = 1;
  unsigned value = 1;
  for (unsigned i = 0; i < OBJECTS; i++) {
    objects[i].methods = kinds[random_word(&seed) % KINDS];
    objects[i].state = i;
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (unsigned i = 0; i < OBJECTS; i++) {
      value += objects[i].methods[0](&objects[i], value);
      value ^= objects[i].methods[1](&objects[i], (unsigned)round);
    }
  }
  return value;
}

const struct program indirect_program = {"indirect", 0, 0, unit};
