/* The mix that CoreMark made usual: a linked list, a small integer matrix, and a state machine that reads numbers. */
#include "programs.h"

enum { NODES = 256, SIZE = 24, TEXT = 2048, ROUNDS = 8 };

struct node {
  struct node *next;
  int value;
};

static struct node nodes[NODES];
static short left[SIZE][SIZE], right[SIZE][SIZE];
static char text[TEXT];

static struct node *merge(struct node *a, struct node *b) {
  struct node head = {0, 0}, *last = &head;
  while (a && b) {
    struct node **from = a->value <= b->value ? &a : &b;
    last->next = *from;
    last = *from;
    *from = last->next;
  }
  last->next = a ? a : b;
  return head.next;
}

static struct node *sort_list(struct node *list) {
  if (!list || !list->next) return list;
  struct node *middle = list;
  for (struct node *end = list->next; end && end->next; end = end->next->next) middle = middle->next;
  struct node *second = middle->next;
  middle->next = 0;
  return merge(sort_list(list), sort_list(second));
}

static uint64_t run_list(uint64_t seed) {
  for (int i = 0; i < NODES; i++) {
    nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
    nodes[i].value = (int)(random_word(&seed) % 1000);
  }
  struct node *list = sort_list(nodes), *reversed = 0;
  while (list) {
    struct node *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  uint64_t hash = MIX_START;
  for (; reversed; reversed = reversed->next) hash = mix(hash, (uint64_t)reversed->value);
  return hash;
}

static uint64_t run_matrix(void) {
  uint64_t hash = MIX_START;
  for (int row = 0; row < SIZE; row++) {
    for (int column = 0; column < SIZE; column++) {
      int sum = 0;
      for (int i = 0; i < SIZE; i++) sum += left[row][i] * right[i][column];
      hash = mix(hash, (uint64_t)((sum >> 2 & 15) * (sum >> 5 & 127)));
    }
  }
  return hash;
}

enum state { START, SIGN, WHOLE, FRACTION, EXPONENT, INVALID, STATES };

static enum state next_state(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case START: return digit ? WHOLE : c == '-' || c == '+' ? SIGN : c == '.' ? FRACTION : INVALID;
    case SIGN: return digit ? WHOLE : c == '.' ? FRACTION : INVALID;
    case WHOLE: return digit ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit ? EXPONENT : INVALID;
    default: return INVALID;
  }
}

static uint64_t run_states(void) {
  uint64_t visits[STATES] = {0}, hash = MIX_START;
  enum state state = START;
  for (int i = 0; i < TEXT; i++) {
    if (text[i] == ',') {
      hash = mix(hash, (uint64_t)state);
      state = START;
    } else {
      state = next_state(state, text[i]);
    }
    visits[state]++;
  }
  for (int i = 0; i < STATES; i++) hash = mix(hash, visits[i]);
  return hash;
}

static void prepare(void) {
  uint64_t seed = 1;
  for (int row = 0; row < SIZE; row++) {
    for (int column = 0; column < SIZE; column++) {
      left[row][column] = (short)random_word(&seed);
      right[row][column] = (short)random_word(&seed);
    }
  }
  static const char letters[] = "0123456789012345678901234567,,,,,,,,..ee-+x";
  for (int i = 0; i < TEXT; i++) text[i] = letters[random_word(&seed) % (sizeof letters - 1)];
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (int round = 0; round < ROUNDS; round++) {
    hash = mix(hash, run_list((uint64_t)round));
    hash = mix(hash, run_matrix());
    hash = mix(hash, run_states());
  }
  return hash;
}

const struct program integer_program = {"integer", 0, prepare, unit};
