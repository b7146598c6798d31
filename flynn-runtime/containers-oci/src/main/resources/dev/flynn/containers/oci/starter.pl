# Starts conmons and releases containers. Kept by the backend, because a small process forks and starts programs cheaper than a
# JVM does, and what it starts is in the monitors' control group from the beginning.
#
#   perl starter.pl MACHINE GROUP RUNTIME MARK
#
# GROUP is where a process writes its number to move to the monitors' control group; by MARK it is found. A request on standard
# input is the length of what follows, in decimal, a line feed, and words with a NUL between them:
#
#   create NUMBER DIRECTORY PID_FILE MESSAGES WORD...    starts conmon in DIRECTORY, with these words and --runtime
#   release NUMBER PIPE                                  lets the container go on that waits to write to PIPE
#
# Answers are lines: `NUMBER created TEXT`, what conmon said about its container, which is nothing if it could not be started;
# `NUMBER released`; and `NUMBER ended` once conmon is gone, after which nothing more is said of it. At the end of the input
# nothing is left undone that was asked for, and conmons go on.
use strict;

my ($machine, $group, $runtime) = @ARGV;
my ($F_SETFD, $F_ADD_SEALS, $O_NONBLOCK, $WNOHANG) = (2, 1033, 2048, 1);
my ($MFD_CLOEXEC, $MFD_ALLOW_SEALING, $MFD_EXEC, $ALL_SEALS) = (1, 2, 16, 15);
my %SYS_memfd_create = (amd64 => 319, aarch64 => 279);
my $LAST_RELEASES = 5; # seconds

setpgrp(0, 0); # Ctrl-C is for the platform
$SIG{PIPE} = sub { }; # unlike IGNORE it does not pass to conmon
if (open(my $file, '>', $group)) {
  syswrite($file, $$);
}

# Before runc lets anything of a container run it makes sure that the container cannot write to runc's own program: it mounts it
# read-only for a moment, and starts a second time from there, for each container. From a copy in memory that is sealed against
# writing it starts once. The copy is made anew when the program was replaced.
my ($copy, $copied) = (undef, '');

sub program {
  my $version = join(' ', (stat $runtime)[0, 1, 7, 9]);
  ($copy, $copied) = (sealed(), $version) if $version ne $copied;
  return $copy ? "/proc/$$/fd/" . fileno($copy) : $runtime;
}

sub sealed {
  my $call = $SYS_memfd_create{$machine} or return undef;
  open(my $file, '<:raw', $runtime) or return undef;
  sysread($file, my $bytes, 1 << 20) or return undef;
  $bytes =~ /^\x7fELF/ or return undef; # a script
  my $name = 'runtime'; # not a constant, which syscall refuses
  my $flags = $MFD_CLOEXEC | $MFD_ALLOW_SEALING;
  my $number = syscall($call, $name, $flags | $MFD_EXEC);
  $number = syscall($call, $name, $flags) if $number < 0; # before Linux 6.3
  $number >= 0 && open(my $memory, '+<&=', $number) or return undef;
  do {
    syswrite($memory, $bytes) == length $bytes or return undef;
  } while (sysread($file, $bytes, 1 << 20));
  return fcntl($memory, $F_ADD_SEALS, $ALL_SEALS) && -x "/proc/$$/fd/$number" ? $memory : undef;
}

my %conmons; # by the descriptor of the pipe that conmon answers on, and has open until it ends
my %gates;   # by descriptor
my @ended;   # conmons that have closed theirs

sub say_so {
  syswrite(STDOUT, "@_\n");
}

sub create {
  my ($number, $directory, $pid_file, $messages, @words) = @_;
  push @words, '--runtime=' . program();
  my ($answer, $sync);
  my $pid = pipe($answer, $sync) ? fork : undef;
  return say_so($number, 'created', '') if !defined $pid;
  if ($pid == 0) {
    open(my $file, '>', $pid_file) or exit 1;
    syswrite($file, $$) && close($file) or exit 1;
    chdir($directory) && open(STDERR, '>', $messages) or exit 1;
    open(STDIN, '<', '/dev/null') && open(STDOUT, '>', '/dev/null') or exit 1;
    fcntl($sync, $F_SETFD, 0);
    $ENV{_OCI_SYNCPIPE} = fileno($sync);
    exec { $words[0] } @words or syswrite(STDERR, "cannot run $words[0]: $!");
    exit 1;
  }
  $conmons{fileno $answer} = { number => $number, pid => $pid, pipe => $answer, said => '', told => 0 };
}

sub heard {
  my ($conmon) = @_;
  my $more = sysread($conmon->{pipe}, $conmon->{said}, 65536, length $conmon->{said});
  if (!$conmon->{told} && (!$more || $conmon->{said} =~ /\n/)) {
    my ($line) = split(/\n/, $conmon->{said});
    $conmon->{told} = 1;
    say_so($conmon->{number}, 'created', $line // '');
  }
  if (!$more) {
    delete $conmons{fileno $conmon->{pipe}};
    close($conmon->{pipe});
    push @ended, $conmon;
  }
}

sub bury {
  @ended = grep {
    my ($number, $gone) = ($_->{number}, waitpid($_->{pid}, $WNOHANG) != 0);
    if ($gone) {
      delete @gates{grep { $gates{$_}{number} == $number } keys %gates}; # nobody will come
      say_so($number, 'ended');
    }
    !$gone;
  } @ended;
}

# Not waiting in open, as reading would: a container that was killed never comes.
sub release {
  my ($number, $pipe) = @_;
  sysopen(my $gate, $pipe, $O_NONBLOCK) or return say_so($number, 'released');
  $gates{fileno $gate} = { number => $number, pipe => $gate };
}

sub released {
  my ($gate) = @_;
  sysread($gate->{pipe}, my $byte, 1);
  say_so($gate->{number}, 'released');
  delete $gates{fileno $gate->{pipe}};
}

my $input = '';
my $until = undef; # when to end, once there is no more input

while (!defined $until || (%gates && time < $until)) {
  my $all = '';
  vec($all, 0, 1) = 1 if !defined $until;
  vec($all, $_, 1) = 1 for keys %conmons, keys %gates;
  my $pause = @ended ? 0.01 : defined $until ? 1 : undef;
  if (select(my $ready = $all, undef, undef, $pause) > 0) {
    heard($_) for map { $conmons{$_} } grep { vec($ready, $_, 1) } keys %conmons;
    released($_) for map { $gates{$_} } grep { vec($ready, $_, 1) } keys %gates;
    if (!defined $until && vec($ready, 0, 1)) {
      sysread(STDIN, $input, 65536, length $input) or $until = time + $LAST_RELEASES;
    }
  }
  bury() if @ended;
  while ($input =~ /^(\d+)\n/ && length($input) >= $+[0] + $1) {
    my ($what, @words) = split(/\0/, substr($input, $+[0], $1), -1);
    substr($input, 0, $+[0] + $1) = '';
    $what eq 'create' ? create(@words) : release(@words);
  }
}
