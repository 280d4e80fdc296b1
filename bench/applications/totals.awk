# Arithmetic, arrays and strings.
BEGIN {
  for (i = 0; i < 800000; i++) {
    key = i % 1013
    sums[key] += i * 1.5
    size += length("x" key)
  }
  for (key in sums) total += sums[key]
  printf "%.1f %d\n", total, size
}
