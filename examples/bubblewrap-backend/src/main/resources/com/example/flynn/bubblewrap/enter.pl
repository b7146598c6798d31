# The last program before the job's own, inside the sandbox: `exec` with a command line from a file, because the command line
# that Java gives to a process depends on its locale. Descriptor 5 has the command line, a NUL after each item. To 6 goes
# "exec", and what failed if it did; the descriptors themselves are closed by a successful exec.
use strict;
open(my $command, '<&=', 5) or die "no command: $!";
open(my $launch, '>&=', 6) or die "no way to report: $!";
my @command = do { local $/; split(/\0/, <$command>, -1) };
pop @command;    # what follows the last NUL
syswrite($launch, "exec\n");
{
  no warnings 'exec';    # what fails is reported
  exec { $command[0] } @command;
}
syswrite($launch, "cannot run $command[0]: $!\n");
exit 127;
