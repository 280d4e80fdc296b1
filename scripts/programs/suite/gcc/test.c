/* Numbers of all kinds, memory, strings, sorting, threads, signals. */
#include <complex.h>
#include <errno.h>
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile double zero = 0, one = 1, huge = 1e308;

static void integers(void) {
  uint64_t x = 88172645463325252u, mixed = 0;
  for (int i = 0; i < 100000; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    mixed += __builtin_popcountll(x) + (x / 1000003) % 97 + (uint64_t)((int64_t)x >> (i & 63)) + __builtin_ctzll(x | 1);
    mixed = (mixed << (i % 63 + 1)) | (mixed >> (63 - i % 63));
  }
  printf("integers %" PRIx64 " %" PRIx64 "\n", x, mixed);
#ifdef __SIZEOF_INT128__
  unsigned __int128 wide = (unsigned __int128)x * mixed;
  for (int i = 0; i < 1000; i++) wide = wide / 3 * 7 + i;
  printf("wide %" PRIx64 "%016" PRIx64 "\n", (uint64_t)(wide >> 64), (uint64_t)wide);
#endif
}

static void floats(void) {
  float single[256];
  double sum = 0, y = 0;
  long double extended = 0;
  for (int i = 0; i < 256; i++) single[i] = i * 0.37f - 20;
  for (int i = 0; i < 1000; i++) {
    y = single[i % 256] / 11;
    sum += floor(y) + trunc(y * 3) + fmin(y, 0.5) + (float)y * (int)y + fabs(y) + sqrt(i) + ldexp(y, i % 30);
    extended += sqrtl(i) / 3 + (long double)y * i;
  }
  printf("floats %.17g %.20Lg %a\n", sum, extended, (double)single[77]);
  const double at[] = {0.1, 0.7, 1.5, 3, 20, 1000.25};
  for (unsigned i = 0; i < sizeof at / sizeof *at; i++)
    printf("functions %.15g %.15g %.15g %.15g %.15g %.15g %.15g %.18Lg\n", sin(at[i]), tan(at[i]), exp(at[i] / 100), log(at[i]),
           pow(at[i], 1.7), cbrt(at[i]), tgamma(at[i] / 10), atanl(at[i]));
  double complex z = 0.3 + 0.4 * I;
  for (int i = 0; i < 50; i++) z = z * z + 0.1 - 0.2 * I;
  printf("complex %.17g %.17g\n", creal(z), cimag(z));
  feclearexcept(FE_ALL_EXCEPT);
  printf("exceptions");
  volatile double results[5];
  for (int i = 0; i < 5; i++) {
    feclearexcept(FE_ALL_EXCEPT);
    if (i == 0) results[i] = one / 3;
    if (i == 1) results[i] = one / zero;
    if (i == 2) results[i] = huge * 10;
    if (i == 3) results[i] = sqrt(zero - one);
    if (i == 4) results[i] = 1e-300 * one / huge;
    printf(" %g %x", results[i], fetestexcept(FE_ALL_EXCEPT));
  }
  const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    results[0] = one / 3;
    printf(" %.17g %ld", results[0], lrint(2.5 * one));
  }
  fesetround(FE_TONEAREST);
  putchar('\n');
}

static int compare(const void *a, const void *b) { return *(const int *)a < *(const int *)b ? -1 : *(const int *)a > *(const int *)b; }

static void memory(void) {
  static int numbers[20000];
  static char text[65536], other[65536];
  for (int i = 0; i < 20000; i++) numbers[i] = (int)(i * 2654435761u);
  qsort(numbers, 20000, sizeof *numbers, compare);
  unsigned hash = 0;
  for (int i = 0; i < 20000; i++) hash = hash * 31 + (unsigned)numbers[i];
  for (int size = 1; size < 60000; size = size * 3 / 2 + 1) {
    memset(text, size & 0x7f, (size_t)size);
    memmove(text + size % 37, text, (size_t)size);
    memcpy(other, text, sizeof text);
    text[size] = 0;
    hash = hash * 31 + (unsigned)strlen(text) + (unsigned)!memcmp(text, other, (size_t)size) + (unsigned)(size_t)(strchr(text, 0) - text);
    hash += memchr(other, 0, sizeof other) ? 1 : 2;
  }
  void *blocks[500];
  for (int i = 0; i < 500; i++) blocks[i] = memset(malloc((size_t)(i * i) + 1), i, (size_t)(i * i) + 1);
  for (int i = 0; i < 500; i++) hash = hash * 31 + ((unsigned char *)blocks[i])[i * i], free(blocks[i]);
  printf("memory %08x\n", hash);
}

static atomic_int shared;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long guarded;

static void *thread(void *argument) {
  for (int i = 0; i < 20000; i++) {
    atomic_fetch_add(&shared, 1);
    pthread_mutex_lock(&mutex);
    guarded += (long)argument;
    pthread_mutex_unlock(&mutex);
  }
  return argument;
}

static sigjmp_buf back;
static volatile sig_atomic_t caught;

static void handler(int number, siginfo_t *info, void *context) {
  (void)info, (void)context;
  caught = number;
  siglongjmp(back, 1);
}

static void system_calls(void) {
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], NULL, thread, (void *)i);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  printf("threads %d %ld\n", shared, guarded);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGFPE, &action, NULL);
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (!sigsetjmp(back, 1)) *(volatile char *)page = 1;
  printf("signal %d", caught);
  volatile int divisor = 0;
  if (!sigsetjmp(back, 1)) divisor = 7 / divisor;
  printf(" %d\n", caught);
  fflush(stdout);
  int pipe_ends[2], status;
  if (pipe(pipe_ends)) return;
  const pid_t child = fork();
  if (child == 0) {
    if (write(pipe_ends[1], "from the child", 14) != 14) _exit(1);
    _exit(7);
  }
  char text[32] = {0};
  const ssize_t length = read(pipe_ends[0], text, sizeof text - 1);
  waitpid(child, &status, 0);
  printf("%s %zd %d %s\n", text, length, WEXITSTATUS(status), strerror(ENOENT));
}

int main(void) {
  integers();
  floats();
  memory();
  system_calls();
}
