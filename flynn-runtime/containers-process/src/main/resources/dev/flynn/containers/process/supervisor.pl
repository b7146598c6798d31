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
my ($SYS_prctl, $SYS_prlimit64, $SYS_rt_sigprocmask, $SYS_setsid, $SYS_dup3, $SYS_exit_group) =
  $machine eq 'aarch64' ? (167, 261, 135, 157, 24, 94) : (157, 302, 14, 112, 292, 231);
my ($PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER) = (1, 36);
my %SIGNAL = (HUP => 1, KILL => 9, USR2 => 12, TERM => 15);
my ($SIG_BLOCK, $SIG_UNBLOCK, $SIG_SETMASK) = (0, 1, 2);
my ($EINTR, $EAGAIN) = (4, 11);
my $WNOHANG = 1;
my ($O_RDWR, $O_NOCTTY, $O_NONBLOCK, $F_SETFL) = (2, 0400, 04000, 4);
my ($TIOCSCTTY, $TIOCSWINSZ, $TIOCGPTN, $TIOCSPTLCK) = (0x540E, 0x5414, 0x80045430, 0x40045431);
my $RLIMIT_NOFILE = 7;
my $RESULT_BYTES = 512;
my $CHUNK_BYTES = 65536;

my $main = 0;    # process id of the job's main process
my $wanted = '';    # a signal that came before the main process was there

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

sub mask_signals {
  my ($how, @signals) = @_;
  my $set = 0;
  $set |= 1 << ($SIGNAL{$_} - 1) for @signals;
  my $packed = pack('Q', $set);
  syscall($SYS_rt_sigprocmask, $how, $packed, 0, 8);
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

# What may not be killed, such as a program that took another user's rights, is not waited for.
sub kill_everything {
  my $pause = 0.001;
  while (has_children() && grep { kill('KILL', $_) } descendants()) {
    select(undef, undef, undef, $pause);
    $pause = $pause * 2 if $pause < 0.1;
  }
}

sub die_with_parent {
  kill_everything();
  exit_now(1);
}

$SIG{HUP} = \&die_with_parent;
$SIG{USR2} = sub { $main ? kill('KILL', $main) : ($wanted = 'KILL') };
$SIG{TERM} = sub { $main ? kill('TERM', $main) : ($wanted ||= 'TERM') };
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

# A signal that comes while the process is made waits until both sides know who they are.
mask_signals($SIG_BLOCK, qw(TERM USR2 HUP));
$main = fork();
fail("cannot fork: $!") if !defined $main;

if ($main == 0) {
  close($failure_reader);
  $SIG{$_} = 'DEFAULT' for qw(HUP USR2 TERM INT QUIT PIPE);
  mask_signals($SIG_SETMASK);
  syscall($SYS_prctl, $PR_SET_PDEATHSIG, $SIGNAL{KILL}, 0, 0, 0);
  syscall($SYS_setsid);
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
mask_signals($SIG_UNBLOCK, qw(TERM USR2 HUP));
kill($wanted, $main) if $wanted;

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

# Copies what the terminal shows; false once no process has it open any more.
sub show {
  my $count = sysread($master, my $bytes, $CHUNK_BYTES);
  write_all(\*STDOUT, $bytes) if $count;
  return $count || (!defined $count && ($! == $EAGAIN || $! == $EINTR));
}

# Reaps what ended; the wait status of the main process, if that did.
sub reap {
  my $status;
  while ((my $ended = waitpid(-1, $WNOHANG)) > 0) {
    $status = $? if $ended == $main;
  }
  return $status;
}

# Carries bytes between the terminal and our own streams while the main process lives.
sub relay {
  pipe(my $wake_reader, my $wake_writer) or return;
  fcntl($_, $F_SETFL, $O_NONBLOCK) for $wake_reader, $wake_writer;
  local $SIG{CHLD} = sub { syswrite($wake_writer, '.') };
  my ($typed, $stdin_open, $shown) = ('', 1, 1);
  my $status;
  until (defined($status = reap())) {
    my ($readers, $writers) = ('', '');
    vec($readers, fileno($wake_reader), 1) = 1;
    vec($readers, fileno($master), 1) = 1 if $shown;
    vec($readers, 0, 1) = 1 if $stdin_open && length $typed < $CHUNK_BYTES;
    vec($writers, fileno($master), 1) = 1 if length $typed;
    my $ready = select($readers, $writers, undef, $shown ? undef : 0.2);
    if ($ready <= 0) {
      $shown = 1;    # somebody may have opened the terminal again
      next;
    }
    sysread($wake_reader, my $unused, $CHUNK_BYTES) if vec($readers, fileno($wake_reader), 1);
    $shown = show() if vec($readers, fileno($master), 1);
    if (vec($writers, fileno($master), 1)) {
      my $count = syswrite($master, $typed);
      if (defined $count) { substr($typed, 0, $count, '') }
      elsif ($! != $EAGAIN && $! != $EINTR) { $typed = '' }
    }
    if (vec($readers, 0, 1)) {
      my $count = sysread(STDIN, $typed, $CHUNK_BYTES, length $typed);
      if (defined $count && $count == 0) {
        $stdin_open = 0;
        $typed .= "\x04";    # end of file, as a terminal has it
      }
    }
  }
  return $status;
}

# What was written last is still in the terminal when nobody has it open any more.
sub show_the_rest {
  while (1) {
    my $readers = '';
    vec($readers, fileno($master), 1) = 1;
    my $ready = select($readers, undef, undef, 0.5);
    last if $ready == 0 || ($ready > 0 && !show());
  }
}

my $status;
if ($master) {
  $SIG{WINCH} = \&resize;
  $status = relay();
} else {
  open(STDIN, '<', '/dev/null') unless $exec;
  while (1) {
    my $ended = waitpid(-1, 0);
    if ($ended == $main) { $status = $?; last }
    last if $ended == -1 && $! != $EINTR;
  }
}
kill_everything();
show_the_rest() if $master;
if (!defined $status) { report('error lost its main process') }
elsif ($status & 127) { report('signal ' . ($status & 127)) }
else { report('exit ' . ($status >> 8)) }
exit 0;
