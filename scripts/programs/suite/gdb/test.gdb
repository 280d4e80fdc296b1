set pagination off
set confirm off
set width 0
set disable-randomization on
break main
run
echo \n== watch\n
watch watched
continue
continue
continue
info breakpoints
delete
echo == hbreak\n
hbreak step
continue
backtrace
info registers rip rdi eflags
delete
echo == hbreak and its condition\n
hbreak step if i == 12
continue
print i
print watched
finish
delete
echo == rwatch and awatch\n
rwatch sum
continue
awatch real
continue
continue
delete
echo == watch of a register's width\n
watch bytes[1]
watch *(char *)&bytes[2]
continue
continue
delete
echo == steps\n
tbreak step
continue
stepi
stepi
nexti
x/2i $pc
next
up
info locals
print $xmm0.v2_double
print real
print $_siginfo.si_signo
echo == changed\n
set var real = 100.0
set var $rax = 7
print $rax
continue
echo == again, backwards\n
break main
run
record full
next
next
next
reverse-next
reverse-stepi
print watched
record stop
kill
quit
