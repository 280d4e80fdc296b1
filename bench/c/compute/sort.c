/* Quicksort that compares through a function pointer, as qsort does. */
#include "programs.h"

enum { COUNT = 8192, SMALL = 8 };

typedef int compare_function(const void *, const void *);

static int ascending(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

static compare_function *volatile chosen_order = ascending;
static int numbers[COUNT];

static void swap(int *a, int *b) {
  int old = *a;
  *a = *b;
  *b = old;
}

static void insertion_sort(int *first, long count, compare_function *compare) {
  for (long i = 1; i < count; i++) {
    for (long j = i; j > 0 && compare(&first[j - 1], &first[j]) > 0; j--) swap(&first[j - 1], &first[j]);
  }
}

static void quicksort(int *first, long count, compare_function *compare) {
  while (count > SMALL) {
    int pivot = first[count / 2];
    long low = 0, high = count - 1;
    while (low <= high) {
      while (compare(&first[low], &pivot) < 0) low++;
      while (compare(&first[high], &pivot) > 0) high--;
      if (low <= high) swap(&first[low++], &first[high--]);
    }
    quicksort(first, high + 1, compare);
    first += low;
    count -= low;
  }
  insertion_sort(first, count, compare);
}

static uint64_t unit(void) {
  uint64_t seed = 1, hash = MIX_START;
  for (int i = 0; i < COUNT; i++) numbers[i] = (int)random_word(&seed);
  quicksort(numbers, COUNT, chosen_order);
  for (int i = 0; i < COUNT; i++) {
    if (i > 0 && numbers[i - 1] > numbers[i]) return 0;
    hash = mix(hash, (unsigned)numbers[i]);
  }
  return hash;
}

const struct program sort_program = {"sort", 0, 0, unit};
