#!/usr/bin/perl -w
# Runs one job and outlives it by a moment: reports exactly how it ended, and leaves no process of it behind.
#
#   perl supervisor.pl JOB_DIRECTORY PARENT_PID MACHINE SOFT:HARD|- ROWSxCOLUMNS|- [exec]
#
# JOB_DIRECTORY/command has the command line and JOB_DIRECTORY/env the environment (NAME=value), NUL after each item: so
# they cannot change this program, and no locale changes them.
# JOB_DIRECTORY/pid appears once the command is executed. The result is written over the blanks in JOB_DIRECTORY/status:
# "exit N", "signal N" or "error TEXT"; its blocks are there from the start, so that a full disk hides no result.
# TERM is passed on to the job's main process; USR2 kills it. Its end is the end of all processes of the job. The death of
# the parent kills everything at once. WINCH sets the terminal to the size in JOB_DIRECTORY/winsize.
#
# With "exec" it runs a command beside the job's main process, and writes no file, because a disk may be full. On standard
# input come the number of words of the command, these words, and the environment, NUL after each item; the result goes to
# standard error, and both outputs of the command to standard output.
#
# Every start of a job waits until this program is compiled. So it uses no modules (POSIX alone would triple the time) but
# system calls and numbers, those of Linux on MACHINE: aarch64, or else x86_64.
use strict;

my ($directory, $parent, $machine, $descriptors, $terminal, $mode) = @ARGV;
my $exec = defined $mode && $mode eq 'exec';
my ($SYS_prctl, $SYS_prlimit64, $SYS_rt_sigprocmask, $SYS_signalfd4, $SYS_setsid, $SYS_dup3, $SYS_exit_group) =
  $machine eq 'aarch64' ? (167, 261, 135, 74, 157, 24, 94) : (157, 302, 14, 289, 112, 292, 231);
my ($PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER, $PR_SET_NO_NEW_PRIVS) = (1, 36, 38);
my %SIGNAL = (HUP => 1, KILL => 9, USR2 => 12, TERM => 15, CHLD => 17, WINCH => 28);
my ($SIG_BLOCK, $SIG_SETMASK) = (0, 2);
my ($SFD_CLOEXEC, $SIGNAL_RECORD) = (02000000, 128);
my ($EINTR, $EAGAIN) = (4, 11);
my $WNOHANG = 1;
my ($O_RDWR, $O_NOCTTY, $O_NONBLOCK, $F_SETFL) = (2, 0400, 04000, 4);
my ($TIOCSCTTY, $TIOCSWINSZ, $TIOCGPTN, $TIOCSPTLCK) = (0x540E, 0x5414, 0x80045430, 0x40045431);
my ($RLIMIT_CORE, $RLIMIT_NOFILE) = (4, 7);
my $OOM_SCORE = 300;
my $ATTEMPTS_IN_VAIN = 20;
my $RESULT_BYTES = 512;
my $CHUNK_BYTES = 65536;

my $main = 0;    # process id of the job's main process

my $result;
$exec or open($result, '+>', "$directory/status") or die "cannot write the status: $!\n";

sub report {
  return syswrite(STDERR, "$_[0]\n") if $exec;
  sysseek($result, 0, 0);
  return syswrite($result, sprintf("%-*.*s\n", $RESULT_BYTES - 1, $RESULT_BYTES - 1, shift));
}

sub fail {
  report("error $_[0]");
  exit 0;
}

# Ends this process without a word to the rest of the program.
sub exit_now {
  syscall($SYS_exit_group, shift);
}

sub set_of {
  my $set = 0;
  $set |= 1 << ($SIGNAL{$_} - 1) for @_;
  return pack('Q', $set);
}

# Readers see a file whole or not at all.
sub write_file {
  my ($name, $text) = @_;
  open(my $file, '>', "$directory/$name.new") or return 0;
  print $file "$text\n";
  return close($file) && rename("$directory/$name.new", "$directory/$name");
}

sub read_items {
  my $name = shift;
  open(my $file, '<', "$directory/$name") or fail("cannot read its $name: $!");
  return items_of($file);
}

sub items_of {
  my $file = shift;
  local $/;
  my $text = <$file>;
  return map { substr($_, 0, -1) } (defined $text ? $text : '') =~ /[^\0]*\0/gs;
}

# Everything that descends from this process; orphans do, because it is a subreaper.
sub descendants {
  my %children;
  opendir(my $proc, '/proc') or return ();
  for my $pid (grep { /^\d+$/ } readdir($proc)) {
    open(my $stat, '<', "/proc/$pid/stat") or next;
    local $/;
    my $line = <$stat>;
    close($stat);
    next unless defined $line && $line =~ /^\d+ \(.*\) (\S) (\d+)/s;
    push @{ $children{$2} }, [ $pid, $1 ];
  }
  closedir($proc);
  my @found;
  my @next = ($$);
  while (defined(my $pid = shift @next)) {
    for my $child (@{ $children{$pid} || [] }) {
      push @found, $child->[0] unless $child->[1] eq 'Z';
      push @next, $child->[0];
    }
  }
  return @found;
}

# Reaps what ended. Without children there are no descendants, and usually nothing is left when the main process ends.
sub has_children {
  my $ended;
  1 while ($ended = waitpid(-1, $WNOHANG)) > 0;
  return $ended == 0;
}

# A process that was made while the others were listed is not in the list, so that an empty list says nothing as long as there
# are children. What cannot be killed is not waited for.
sub kill_everything {
  my $pause = 0.001;
  my $in_vain = 0;
  while (has_children() && $in_vain < $ATTEMPTS_IN_VAIN) {
    $in_vain = (grep { kill('KILL', $_) } descendants()) ? 0 : $in_vain + 1;
    select(undef, undef, undef, $pause);
    $pause = $pause * 2 if $pause < 0.1;
  }
}

sub die_with_parent {
  kill_everything();
  exit_now(1);
}

# Signals are read, not handled: Perl runs a handler between two of its own steps, and would sleep on a signal that comes in the
# moment before a system call. From here on they wait until somebody reads them.
my $signal_set = set_of(qw(HUP USR2 TERM CHLD WINCH));
syscall($SYS_rt_sigprocmask, $SIG_BLOCK, $signal_set, 0, 8);
my $signal_descriptor = syscall($SYS_signalfd4, -1, $signal_set, 8, $SFD_CLOEXEC);
open(my $signals, '<&=', $signal_descriptor) or fail("cannot read signals: $!");

$SIG{INT} = $SIG{QUIT} = 'IGNORE';    # a Ctrl-C in the operator's terminal is the host's business
$SIG{PIPE} = 'IGNORE';
$| = 1;

syscall($SYS_prctl, $PR_SET_PDEATHSIG, $SIGNAL{HUP}, 0, 0, 0);
syscall($SYS_prctl, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
exit_now(1) if getppid() != $parent;
syscall($SYS_setsid);
$exec or report('') or fail("cannot write the status: $!");

sub window_size {
  my ($rows, $columns) = split(/x/, shift);
  return pack('SSSS', $rows, $columns, 0, 0);
}

my ($master, $slave_name);
if ($terminal ne '-') {
  sysopen($master, '/dev/ptmx', $O_RDWR | $O_NOCTTY | $O_NONBLOCK) or fail("no terminal: $!");
  my $unlocked = pack('i', 0);
  ioctl($master, $TIOCSPTLCK, $unlocked) or fail("no terminal: $!");
  my $number = pack('i', 0);
  ioctl($master, $TIOCGPTN, $number) or fail("no terminal: $!");
  $slave_name = '/dev/pts/' . unpack('i', $number);
  ioctl($master, $TIOCSWINSZ, window_size($terminal));
}

sub set_descriptor_limit {
  my ($soft, $hard) = @_;
  my $limits = pack('QQ', $soft, $hard);
  return syscall($SYS_prlimit64, 0, $RLIMIT_NOFILE, $limits, 0) == 0;
}

# Without the right to raise the limit, what is there already is the most.
sub limit_descriptors {
  my ($soft, $hard) = split(/:/, $descriptors);
  return '' if set_descriptor_limit($soft, $hard);
  my $limits = pack('QQ', 0, 0);
  return "cannot read the limit of descriptors: $!" if syscall($SYS_prlimit64, 0, $RLIMIT_NOFILE, 0, $limits) != 0;
  my $most = (unpack('QQ', $limits))[1];
  $hard = $most if $most < $hard;
  $soft = $hard if $hard < $soft;
  return set_descriptor_limit($soft, $hard) ? '' : "cannot limit descriptors: $!";
}

sub take_terminal {
  close($master);
  sysopen(my $slave, $slave_name, $O_RDWR) or return "no terminal: $!";
  ioctl($slave, $TIOCSCTTY, 0);
  syscall($SYS_dup3, fileno($slave), $_, 0) for 0 .. 2;
  close($slave) if fileno($slave) > 2;
  return '';
}

# What a job has whatever its machine: no core files, no rights beyond its user's, so that all of it can be killed, and less of
# a claim to memory than the platform.
sub settle {
  my $none = pack('QQ', 0, 0);
  syscall($SYS_prlimit64, 0, $RLIMIT_CORE, $none, 0);
  syscall($SYS_prctl, $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  umask(022);
  open(my $score, '>', '/proc/self/oom_score_adj') or return;
  syswrite($score, $OOM_SCORE);
  close($score);
}

my (@command, %environment);
if ($exec) {
  my ($words, @items) = items_of(\*STDIN);
  @command = splice(@items, 0, $words);
  %environment = map { split(/=/, $_, 2) } @items;
  open(STDIN, '<', '/dev/null') or fail("cannot open /dev/null: $!");
} else {
  @command = read_items('command');
  %environment = map { split(/=/, $_, 2) } read_items('env');
}
pipe(my $failure_reader, my $failure_writer) or fail("cannot make a pipe: $!");

$main = fork();
fail("cannot fork: $!") if !defined $main;

if ($main == 0) {
  close($failure_reader);
  $SIG{$_} = 'DEFAULT' for qw(INT QUIT PIPE);
  my $no_signals = set_of();
  syscall($SYS_rt_sigprocmask, $SIG_SETMASK, $no_signals, 0, 8);
  syscall($SYS_prctl, $PR_SET_PDEATHSIG, $SIGNAL{KILL}, 0, 0, 0);
  syscall($SYS_setsid);
  settle();
  syscall($SYS_dup3, 1, 2, 0) if $exec;
  my $problem = $master ? take_terminal() : '';
  $problem ||= limit_descriptors() if $descriptors ne '-';
  %ENV = %environment;
  if (!$problem && !chdir($environment{HOME})) { $problem = "cannot enter $environment{HOME}: $!" }
  if (!$problem) {
    local $^W = 0;    # failing is told by us
    { exec { $command[0] } @command }
    $problem = "cannot run $command[0]: $!";
  }
  syswrite($failure_writer, $problem);
  exit_now(127);
}

close($failure_writer);

# The pipe closes when the command is executed, because of close-on-exec.
my $problem = do { local $/; <$failure_reader> };
close($failure_reader);
if (defined $problem && $problem ne '') {
  waitpid($main, 0);
  fail($problem);
}
if (!$exec && !write_file('pid', $main)) {
  kill_everything();
  fail("cannot write its process id: $!");
}

sub resize {
  open(my $file, '<', "$directory/winsize") or return;
  my $size = <$file>;
  close($file);
  chomp $size if defined $size;
  ioctl($master, $TIOCSWINSZ, window_size($size)) if defined $size && $size =~ /^\d+x\d+$/;
}

sub write_all {
  my ($handle, $bytes) = @_;
  while (length $bytes) {
    my $count = syswrite($handle, $bytes);
    if (defined $count) { substr($bytes, 0, $count, '') }
    elsif ($! != $EINTR) { return }
  }
}

# Does what the signals that came ask for, waiting for one. The main process was not reaped: its number is still its own.
sub take_signals {
  my $count = sysread($signals, my $records, 16 * $SIGNAL_RECORD) or return;
  for my $signal (map { unpack('L', substr($records, $_ * $SIGNAL_RECORD, 4)) } 0 .. $count / $SIGNAL_RECORD - 1) {
    if ($signal == $SIGNAL{HUP}) { die_with_parent() }
    elsif ($signal == $SIGNAL{USR2}) { kill('KILL', $main) }
    elsif ($signal == $SIGNAL{TERM}) { kill('TERM', $main) }
    elsif ($signal == $SIGNAL{WINCH} && $master) { resize() }
  }
}

# Reads what the terminal shows; false once no process has it open any more.
sub show {
  my $shown = shift;
  my $count = sysread($master, $$shown, $CHUNK_BYTES, length $$shown);
  return $count || (!defined $count && ($! == $EAGAIN || $! == $EINTR));
}

# Writes as much as there is room for; what nobody reads any more is gone.
sub pass {
  my ($handle, $bytes) = @_;
  my $count = syswrite($handle, $$bytes);
  if (defined $count) { substr($$bytes, 0, $count, '') }
  elsif ($! != $EAGAIN && $! != $EINTR) { $$bytes = '' }
}

# Reaps what ended; the wait status of the main process, if that did.
sub reap {
  my $status;
  while ((my $ended = waitpid(-1, $WNOHANG)) > 0) {
    $status = $? if $ended == $main;
  }
  return $status;
}

# Carries bytes between the terminal and our own streams while the main process lives. Nothing in it waits but select.
sub relay {
  fcntl(STDOUT, $F_SETFL, $O_NONBLOCK);
  my ($typed, $shown, $stdin_open, $terminal_open) = ('', '', 1, 1);
  my $status;
  until (defined($status = reap())) {
    my ($readers, $writers) = ('', '');
    vec($readers, fileno($signals), 1) = 1;
    vec($readers, fileno($master), 1) = 1 if $terminal_open && length $shown < $CHUNK_BYTES;
    vec($readers, 0, 1) = 1 if $stdin_open && length $typed < $CHUNK_BYTES;
    vec($writers, fileno($master), 1) = 1 if length $typed;
    vec($writers, 1, 1) = 1 if length $shown;
    my $ready = select($readers, $writers, undef, $terminal_open ? undef : 0.2);
    if ($ready <= 0) {
      $terminal_open = 1;    # somebody may have opened the terminal again
      next;
    }
    take_signals() if vec($readers, fileno($signals), 1);
    $terminal_open = show(\$shown) if vec($readers, fileno($master), 1);
    pass($master, \$typed) if vec($writers, fileno($master), 1);
    pass(\*STDOUT, \$shown) if vec($writers, 1, 1);
    if (vec($readers, 0, 1)) {
      my $count = sysread(STDIN, $typed, $CHUNK_BYTES, length $typed);
      if (defined $count && $count == 0) {
        $stdin_open = 0;
        $typed .= "\x04";    # end of file, as a terminal has it
      }
    }
  }
  fcntl(STDOUT, $F_SETFL, 0);
  write_all(\*STDOUT, $shown);
  return $status;
}

# What was written last is still in the terminal when nobody has it open any more.
sub show_the_rest {
  my $shown = '';
  while (1) {
    my $readers = '';
    vec($readers, fileno($master), 1) = 1;
    my $ready = select($readers, undef, undef, 0.5);
    last if $ready == 0 || ($ready > 0 && !show(\$shown));
    write_all(\*STDOUT, $shown);
    $shown = '';
  }
}

my $status;
if ($master) {
  $status = relay();
} else {
  open(STDIN, '<', '/dev/null') unless $exec;
  take_signals() until defined($status = reap());
}
kill_everything();
show_the_rest() if $master;
if ($status & 127) { report('signal ' . ($status & 127)) }
else { report('exit ' . ($status >> 8)) }
exit 0;
