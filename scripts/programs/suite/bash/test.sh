# Arithmetic, arrays, strings, patterns, processes, pipes and signals of the shell itself, and the usual tools.
for ((i = 1, x = 1; i <= 64; i++)); do
  ((x = x * 6364136223846793005 + 1442695040888963407))
  printf '%d %x\n' $i $x
done | md5sum
echo $((7 ** 22)) $((-17 / 5)) $((-17 % 5)) $((1 << 63)) $((0x7fffffffffffffff + 1)) $((16#ff ^ 8#17))
fib() { if (($1 < 2)); then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
fib 9
declare -A count
while read -r word; do ((count[$word]++)); done < <(tr -cs 'a-z' '\n' <test.sh | grep .)
for word in "${!count[@]}"; do echo "${count[$word]} $word"; done | sort -k1,1nr -k2 | head -20
text='The quick brown fox'
echo "${text^^} ${text#* } ${text//o/0} ${#text} ${text: -3}"
[[ 'key=some value' =~ ^([a-z]+)=(.*)$ ]] && echo "${BASH_REMATCH[1]} -> ${BASH_REMATCH[2]}"
seq 1 20000 | awk '{ sum += $1 * $1; root += sqrt($1); sine += sin($1) * exp(-$1 / 1000) } END { printf "%.15g %.15g %.15g\n", sum, root, sine }'
seq 1 20000 | sed -n 's/\(.\)\(.*\)/\2\1/p' | sort -n | uniq -c | sha256sum
trap 'echo caught' USR1
kill -USR1 $$
echo after
(exit 42)
echo $?
seq 100000 | tr '1-5' 'a-e' | cksum
printf '%.20g %a %e\n' 0.1 3.5 12345.678
