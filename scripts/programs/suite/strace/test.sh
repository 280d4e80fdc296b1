# Addresses, process numbers, times and what the kernel has of its own are left out.
clean() {
  sed -E 's/0x[0-9a-f]{5,}/ADDRESS/g; s/^\[pid +[0-9]+\]/[pid N]/; s/^[0-9]+ +//; s/= [0-9]{2,}$/= N/; s/kill\([0-9]+/kill(N/; s/[0-9]+ vars/N vars/; s/ += / = /;
    s/si_(pid|uid)=[0-9]+/si_\1=N/g; s/si_([us])time=[^,}]*/si_\1time=N/g; s/<[0-9]+\.[0-9]+>/<TIME>/' /tmp/trace
}
export LC_ALL=C
strace -o /tmp/trace -e trace=openat,read,close,write,exit_group,mprotect cat test.sh >/dev/null
clean
strace -o /tmp/trace -f -e trace=%process,%signal bash -c 'trap "echo got it" USR1; kill -USR1 $$; (exit 3); echo $?'
clean | grep -E '^--- SIG|exited|kill\(|exit_group|execve' | sort
strace -o /tmp/trace -c -f bash -c 'echo 1 | cat; true'
awk '$NF ~ /^(execve|pipe2)$/ { print $NF, $4 }' /tmp/trace | sort
strace -o /tmp/trace -e inject=write:error=ENOSPC:when=1 echo hello
clean | grep -E 'write|exit'
strace -o /tmp/trace -e trace=nanosleep,clock_nanosleep -T sleep 0.2
clean
strace -o /tmp/trace -r -i -e trace=getppid,exit_group bash -c 'echo $PPID >/dev/null; (exit 5)'
echo $?
