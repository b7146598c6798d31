# Becomes bwrap, in the directory of one job.
#
#   sh -c start.sh sh DESCRIPTORS|- COMMAND...
#
# COMMAND is what bwrap runs in the sandbox. bwrap reads its options from the file `options` and writes to `status` what became
# of the job. Descriptors 5 and 6 are for enter.pl.
[ "$1" = - ] || ulimit -n "$1" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
shift
exec bwrap --json-status-fd 3 --args 4 -- "$@" 3>status 4<options 5<command 6>launch
