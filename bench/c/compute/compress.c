/* A compressor that replaces repeated text by references, and its opposite. */
#include "programs.h"

enum { SIZE = 48 << 10, HASH_BITS = 12, MINIMUM = 4, MAXIMUM = 255, WINDOW = 65535 };

static unsigned char text[SIZE], packed[2 * SIZE], unpacked[SIZE];
static int last_at[1 << HASH_BITS];

static void prepare(void) {
  static const char *const words[] = {"the ", "emulator ", "guest ", "page ", "walks ", "of ", "a ", "table ",
                                      "and ", "writes ", "bytes ", "to ", "memory, ", "which ", "is ", "slow. "};
  uint64_t seed = 1;
  for (int at = 0; at < SIZE;) {
    unsigned random = random_word(&seed);
    for (const char *word = words[random >> 28]; *word && at < SIZE; word++) text[at++] = (unsigned char)*word;
    if (random % 7 == 0 && at < SIZE) text[at++] = (unsigned char)(random >> 8);
  }
}

static unsigned load_word(const unsigned char *at) {
  unsigned value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}

/* Literals are 0 and a byte; references are a length and two bytes of distance. */
static int pack(void) {
  int out = 0;
  for (int i = 0; i < 1 << HASH_BITS; i++) last_at[i] = -1;
  for (int at = 0; at < SIZE;) {
    int length = 0, distance = 0;
    if (at + MINIMUM <= SIZE) {
      int *entry = &last_at[load_word(text + at) * 2654435761u >> (32 - HASH_BITS)];
      distance = at - *entry;
      if (*entry >= 0 && distance <= WINDOW) {
        while (length < MAXIMUM && at + length < SIZE && text[*entry + length] == text[at + length]) length++;
      }
      *entry = at;
    }
    if (length >= MINIMUM) {
      packed[out++] = (unsigned char)length;
      packed[out++] = (unsigned char)distance;
      packed[out++] = (unsigned char)(distance >> 8);
      at += length;
    } else {
      packed[out++] = 0;
      packed[out++] = text[at++];
    }
  }
  return out;
}

static int unpack(int size) {
  int out = 0;
  for (int at = 0; at < size;) {
    int length = packed[at++];
    if (length == 0) {
      unpacked[out++] = packed[at++];
      continue;
    }
    int distance = packed[at] | packed[at + 1] << 8;
    at += 2;
    for (; length > 0; length--, out++) unpacked[out] = unpacked[out - distance];
  }
  return out;
}

static uint64_t unit(void) {
  int size = pack();
  if (unpack(size) != SIZE) return 0;
  for (int i = 0; i < SIZE; i++) {
    if (text[i] != unpacked[i]) return 0;
  }
  uint64_t hash = mix(MIX_START, (uint64_t)size);
  for (int i = 0; i < size; i += 13) hash = mix(hash, packed[i]);
  return hash;
}

const struct program compress_program = {"compress", 0, prepare, unit};
