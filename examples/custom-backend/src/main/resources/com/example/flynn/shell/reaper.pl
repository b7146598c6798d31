# Runs one job and leaves nothing of it behind.
#
#   perl reaper.pl <directory>
#
# The directory has `command` and `env`, items ended by NUL. What happens is appended to its `status`, a line each:
# running, then exit <status> or signal <number>; or error <why> instead of all. Standard input is the leash:
# `stop <seconds>` asks the job to end and kills it later, end of file (the parent closed it, or died) kills at once.
use strict;
use warnings;
use Errno qw(EINTR);
use POSIX qw(:sys_wait_h uname setsid);
use Time::HiRes qw(time);

use constant { PR_SET_CHILD_SUBREAPER => 36, TICK => 0.1 };

my ($directory) = @ARGV;
my %prctl = (x86_64 => 157, aarch64 => 167);
my $machine = (uname())[4];

sub items {
    open(my $file, '<:raw', "$directory/$_[0]") or end_with("error cannot read $_[0]: $!");
    local $/;
    return split(/\0/, <$file> // '', -1);
}

sub report {
    open(my $file, '>>', "$directory/status") or return;
    syswrite($file, "$_[0]\n");
}

sub end_with { report($_[0]); exit 0 }

# Orphans below this process become its children, daemons too: nothing can get out of its sight.
my $syscall = $prctl{$machine} or end_with("error cannot run on $machine");
syscall($syscall, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 or end_with("error cannot become a subreaper: $!");

my @command = items('command'); pop @command;
my @env = items('env'); pop @env;
$SIG{CHLD} = sub { };
pipe(my $failure, my $exec) or end_with("error $!");    # both close on exec

my $main = fork() // end_with("error cannot fork: $!");
if ($main == 0) {
    close($failure);
    setsid();
    open(STDIN, '<', '/dev/null');
    $SIG{CHLD} = 'DEFAULT';
    %ENV = map { split(/=/, $_, 2) } @env;
    { no warnings; exec { $command[0] } @command; }
    syswrite($exec, "cannot run $command[0]: $!");
    POSIX::_exit(127);
}
close($exec);
my $why = do { local $/; <$failure> };
if (defined $why && length $why) {
    waitpid($main, 0);
    end_with("error $why");
}
report('running');

my ($deadline, $ended);
my $orders = '';
until (defined $ended) {
    my $ready = '';
    vec($ready, fileno(STDIN), 1) = 1;
    if ((select($ready, undef, undef, TICK) // 0) > 0) {
        my $count = sysread(STDIN, $orders, 256, length $orders);
        if (defined $count && $count == 0) {
            kill('KILL', $main);
            waitpid($main, 0);
            $ended = $?;
            last;
        }
        while ($orders =~ s/^stop ([\d.]+)\n//) {
            kill('TERM', $main) if $1 > 0;
            $deadline = time() + $1 if !defined $deadline || time() + $1 < $deadline;
        }
    }
    kill('KILL', $main) if defined $deadline && time() >= $deadline;
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) { $ended = $? if $pid == $main }
}

# Every process below this one, deeper ones included: else a parent could go on making children.
sub descendants {
    my %children;
    for my $stat (glob('/proc/[0-9]*/stat')) {
        open(my $file, '<', $stat) or next;
        my $line = do { local $/; <$file> } // next;
        push @{ $children{$2} }, $1 if $line =~ /^(\d+) \(.*\) \S (\d+)/s;
    }
    my (@found, @todo) = ();
    @todo = ($$);
    while (defined(my $pid = shift @todo)) {
        push @found, @{ $children{$pid} // [] };
        push @todo, @{ $children{$pid} // [] };
    }
    return @found;
}

while (1) {
    my $pid = waitpid(-1, WNOHANG);
    last if $pid < 0;
    next if $pid > 0;
    kill('KILL', descendants());
    select(undef, undef, undef, 0.005);
}
end_with(WIFSIGNALED($ended) ? 'signal ' . WTERMSIG($ended) : 'exit ' . WEXITSTATUS($ended));
