# Runs a command in a container and exits as it did: 128 and the number of the signal if one ended it.
#
#   perl exec.pl MACHINE PID_FILE RUNTIME exec --detach --pid-file PID_FILE ...
#
# The runtime in the foreground would copy both outputs through pipes of its own, and lose their order; and it would stay in
# memory. So it starts the command and goes, and this program is who the command's parent becomes.
use strict;

my ($machine, $pid_file, @runtime) = @ARGV;
my ($SYS_prctl, $PR_SET_CHILD_SUBREAPER) = ($machine eq 'aarch64' ? 167 : 157, 36);
syscall($SYS_prctl, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
my $runtime = fork;
defined $runtime or exit 255;
if ($runtime == 0) {
  exec @runtime or exit 255;
}
waitpid($runtime, 0);
exit 255 if $?;
open(my $file, '<', $pid_file) or exit 255;
my $pid = <$file>;
waitpid($pid, 0) == $pid or exit 255;
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
