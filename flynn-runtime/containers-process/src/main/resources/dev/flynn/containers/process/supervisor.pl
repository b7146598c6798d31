# Runs one job and outlives it by a moment: reports exactly how it ended, and leaves no process of it behind.
#
#   perl supervisor.pl JOB_DIRECTORY PARENT_PID MAX_FD ROWSxCOLUMNS|- COMMAND...
#
# The job's environment is in JOB_DIRECTORY/env (NAME=value, NUL after each), so that it cannot change this program.
# Its result is written to JOB_DIRECTORY/status: "exit N", "signal N" or "error TEXT".
# TERM is passed on to the job's main process; USR2, or the death of the parent, kills everything at once.
# WINCH sets the terminal to the size in JOB_DIRECTORY/winsize.
use strict;
use warnings;
use POSIX ();
use Fcntl ();
use Errno ();

my ($directory, $parent, $max_fd, $terminal, @command) = @ARGV;
my $machine = (POSIX::uname())[4];
my ($SYS_prctl, $SYS_prlimit64) = $machine eq 'aarch64' ? (167, 261) : (157, 302);
my ($PR_SET_PDEATHSIG, $PR_SET_CHILD_SUBREAPER) = (1, 36);
my ($TIOCSCTTY, $TIOCSWINSZ, $TIOCGPTN, $TIOCSPTLCK) = (0x540E, 0x5414, 0x80045430, 0x40045431);
my $RLIMIT_NOFILE = 7;

my $main = 0;    # process id of the job's main process
my $wanted = '';    # a signal that came before the main process was there

# Readers see a file whole or not at all.
sub write_file {
  my ($name, $text) = @_;
  open(my $file, '>', "$directory/$name.new") or return;
  print $file "$text\n";
  close($file);
  rename("$directory/$name.new", "$directory/$name");
}

sub report {
  write_file('status', shift);
}

# Everything that descends from this process; orphans do, because it is a subreaper.
sub descendants {
  my %children;
  opendir(my $proc, '/proc') or return ();
  for my $pid (grep { /^\d+$/ } readdir($proc)) {
    open(my $stat, '<', "/proc/$pid/stat") or next;
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

sub kill_everything {
  while (my @living = descendants()) {
    kill('KILL', @living);
    1 while waitpid(-1, POSIX::WNOHANG()) > 0;
    select(undef, undef, undef, 0.002);
  }
}

sub die_with_parent {
  kill_everything();
  POSIX::_exit(1);
}

$SIG{HUP} = \&die_with_parent;
$SIG{USR2} = sub { $wanted = 'KILL'; kill('KILL', $main) if $main; };
$SIG{TERM} = sub { $wanted ||= 'TERM'; kill('TERM', $main) if $main; };
$SIG{INT} = $SIG{QUIT} = 'IGNORE';    # a Ctrl-C in the operator's terminal is the host's business
$SIG{PIPE} = 'IGNORE';
$| = 1;

syscall($SYS_prctl, $PR_SET_PDEATHSIG, POSIX::SIGHUP(), 0, 0, 0);
syscall($SYS_prctl, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
POSIX::_exit(1) if getppid() != $parent;
POSIX::setsid();

sub read_environment {
  open(my $file, '<', "$directory/env") or die "cannot read the environment: $!\n";
  local $/;
  my $text = <$file>;
  my %environment;
  for my $entry (split(/\0/, defined $text ? $text : '')) {
    my ($name, $value) = split(/=/, $entry, 2);
    $environment{$name} = $value;
  }
  return %environment;
}

sub window_size {
  my ($rows, $columns) = split(/x/, shift);
  return pack('SSSS', $rows, $columns, 0, 0);
}

my ($master, $slave_name);
if ($terminal ne '-') {
  sysopen($master, '/dev/ptmx', Fcntl::O_RDWR() | Fcntl::O_NOCTTY()) or do { report("error no terminal: $!"); exit 0 };
  my $unlocked = pack('i', 0);
  ioctl($master, $TIOCSPTLCK, $unlocked);
  my $number = pack('i', 0);
  ioctl($master, $TIOCGPTN, $number);
  $slave_name = '/dev/pts/' . unpack('i', $number);
  ioctl($master, $TIOCSWINSZ, window_size($terminal));
}

my %environment = read_environment();
pipe(my $failure_reader, my $failure_writer) or do { report("error pipe: $!"); exit 0 };

$main = fork();
if (!defined $main) { report("error cannot fork: $!"); exit 0 }

if ($main == 0) {
  close($failure_reader);
  $SIG{$_} = 'DEFAULT' for qw(HUP USR2 TERM INT QUIT PIPE WINCH);
  POSIX::setsid();
  my $problem = '';
  if ($master) {
    close($master);
    if (sysopen(my $slave, $slave_name, Fcntl::O_RDWR())) {
      ioctl($slave, $TIOCSCTTY, 0);
      POSIX::dup2(fileno($slave), $_) for 0 .. 2;
      close($slave) if fileno($slave) > 2;
    } else {
      $problem = "no terminal: $!";
    }
  }
  my $limits = pack('QQ', 0, 0);
  if ($max_fd > 0 && syscall($SYS_prlimit64, 0, $RLIMIT_NOFILE, 0, $limits) == 0) {
    my (undef, $hard) = unpack('QQ', $limits);
    my $limit = $> == 0 || $max_fd < $hard ? $max_fd : $hard;
    my $new = pack('QQ', $limit, $limit);
    syscall($SYS_prlimit64, 0, $RLIMIT_NOFILE, $new, 0);
  }
  %ENV = %environment;
  if (!$problem && !chdir($environment{HOME})) { $problem = "cannot enter $environment{HOME}: $!" }
  if (!$problem) {
    no warnings;
    exec { $command[0] } @command;
    $problem = "cannot run $command[0]: $!";
  }
  syswrite($failure_writer, $problem);
  POSIX::_exit(127);
}

close($failure_writer);
write_file('pid', $main);
kill($wanted, $main) if $wanted;

my $problem = '';
{
  # The pipe closes when the command is executed, because of close-on-exec.
  local $/;
  my $text = <$failure_reader>;
  $problem = $text if defined $text;
}
close($failure_reader);

sub resize {
  open(my $file, '<', "$directory/winsize") or return;
  my $size = <$file>;
  close($file);
  chomp $size if defined $size;
  ioctl($master, $TIOCSWINSZ, window_size($size)) if defined $size && $size =~ /^\d+x\d+$/;
}

# Carries bytes between the terminal and our own streams until the terminal is closed on the other side.
sub relay {
  my $stdin_open = 1;
  my $done = 0;
  my $status;
  until ($done) {
    my $readers = '';
    vec($readers, fileno($master), 1) = 1;
    vec($readers, 0, 1) = 1 if $stdin_open;
    my $ready = select($readers, undef, undef, 0.1);
    if (!defined $status) {
      my $ended = waitpid($main, POSIX::WNOHANG());
      $status = $? if $ended == $main;
    }
    next if $ready < 0;
    my $quiet = 1;
    if ($ready > 0 && vec($readers, fileno($master), 1)) {
      my $count = sysread($master, my $bytes, 65536);
      if ($count) {
        write_all(\*STDOUT, $bytes);
        $quiet = 0;
      } elsif (defined $count || !$!{EINTR}) {
        $done = 1;    # EIO: no process has the terminal open any more
      }
    }
    if (!$done && $ready > 0 && $stdin_open && vec($readers, 0, 1)) {
      my $count = sysread(STDIN, my $bytes, 65536);
      if ($count) {
        write_all($master, $bytes);
      } elsif (defined $count) {
        $stdin_open = 0;
        write_all($master, "\x04");    # end of file, as a terminal has it
      }
    }
    $done = 1 if defined $status && $quiet && $ready == 0;
  }
  if (!defined $status) {
    1 while waitpid($main, 0) == -1 && $!{EINTR};
    $status = $?;
  }
  return $status;
}

sub write_all {
  my ($handle, $bytes) = @_;
  while (length $bytes) {
    my $count = syswrite($handle, $bytes);
    if (defined $count) { substr($bytes, 0, $count, '') }
    elsif (!$!{EINTR}) { return }
  }
}

my $status;
if ($master) {
  $SIG{WINCH} = \&resize;
  $status = relay();
} else {
  open(STDIN, '<', '/dev/null');
  while (1) {
    my $ended = waitpid(-1, 0);
    if ($ended == $main) { $status = $?; last }
    last if $ended == -1 && !$!{EINTR};
  }
}
kill_everything();
if ($problem ne '') { report("error $problem") }
elsif (!defined $status) { report('error lost its main process') }
elsif ($status & 127) { report('signal ' . ($status & 127)) }
else { report('exit ' . ($status >> 8)) }
exit 0;
