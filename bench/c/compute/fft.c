/* Fast Fourier transform of doubles, radix 2, and back. */
#include "programs.h"

enum { BITS = 13, SIZE = 1 << BITS };

static const double PI = 3.14159265358979323846;

struct complex {
  double real, imaginary;
};

static struct complex signal[SIZE], data[SIZE], roots[SIZE / 2];

/* The Taylor series of sine, for angles of at most half a turn. */
static double sine(double angle) {
  double term = angle, sum = angle;
  for (int i = 2; i < 30; i += 2) {
    term *= -angle * angle / (i * (i + 1));
    sum += term;
  }
  return sum;
}

static void prepare(void) {
  uint64_t seed = 1;
  for (int i = 0; i < SIZE / 2; i++) {
    double angle = -2 * PI * i / SIZE;
    roots[i].real = sine(angle + PI / 2);
    roots[i].imaginary = sine(angle);
  }
  for (int i = 0; i < SIZE; i++) signal[i].real = (double)random_word(&seed) / 1e9;
}

static void transform(struct complex *values, double direction) {
  for (unsigned i = 0; i < SIZE; i++) {
    unsigned j = 0;
    for (int bit = 0; bit < BITS; bit++) j |= (i >> bit & 1) << (BITS - 1 - bit);
    if (j > i) {
      struct complex old = values[i];
      values[i] = values[j];
      values[j] = old;
    }
  }
  for (int half = 1; half < SIZE; half *= 2) {
    for (int start = 0; start < SIZE; start += 2 * half) {
      for (int i = 0; i < half; i++) {
        struct complex root = roots[i * (SIZE / 2 / half)];
        struct complex *a = &values[start + i], *b = &values[start + i + half];
        double imaginary = direction * root.imaginary;
        double x = b->real * root.real - b->imaginary * imaginary;
        double y = b->real * imaginary + b->imaginary * root.real;
        b->real = a->real - x;
        b->imaginary = a->imaginary - y;
        a->real += x;
        a->imaginary += y;
      }
    }
  }
}

static uint64_t unit(void) {
  uint64_t hash = MIX_START;
  for (int i = 0; i < SIZE; i++) data[i] = signal[i];
  transform(data, 1);
  for (int i = 0; i < SIZE; i += 7) {
    union { double number; uint64_t bits; } value = {data[i].imaginary};
    hash = mix(hash, value.bits);
  }
  transform(data, -1);
  for (int i = 0; i < SIZE; i++) {
    double error = data[i].real / SIZE - signal[i].real;
    if (error > 1e-9 || error < -1e-9) return 0;
  }
  return hash;
}

const struct program fft_program = {"fft", 0, prepare, unit};
