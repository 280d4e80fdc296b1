#include <stdio.h>

int watched, bytes[4];
long sum;
double real = 1.5;

__attribute__((noipa)) int step(int i) {
  watched += i * i;
  bytes[i & 3] = watched;
  return watched & 7;
}

int main(void) {
  for (int i = 0; i < 40; i++) {
    sum += step(i);
    real = real * 1.25 + 1;
  }
  printf("%d %ld %g\n", watched, sum, real);
  __builtin_memset(bytes, 0x11, sizeof bytes);
  return 3;
}
