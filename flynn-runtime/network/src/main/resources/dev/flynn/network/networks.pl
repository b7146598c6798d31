# Makes networks of jobs: for each a namespace, kept by its file, whose eth0 is one end of a pair, while the other end is a port of
# the host's bridge. It tells the kernel itself, over netlink (rtnetlink(7)), because four programs that are started for each network,
# among them ip, take more processor time than the network.
#
#   perl networks.pl MACHINE IPV6 MTU BRIDGE LENGTH GATEWAY (FILE ADDRESS NAME)...
#
# LENGTH is that of the subnet's prefix, NAME that of the host's end. It ends at the first failure.
use strict;

my ($machine, $ipv6, $mtu, $bridge, $length, $gateway, @networks) = @ARGV;

# Numbers of the kernel; those of system calls differ between machines.
my %calls = (amd64 => [272, 165], aarch64 => [97, 40], riscv64 => [97, 40]);
my ($SYS_unshare, $SYS_mount) = @{ $calls{$machine} || die "networks cannot be made on machines of type $machine\n" };
my ($CLONE_NEWNET, $MS_BIND) = (0x40000000, 4096);
my ($AF_INET, $AF_INET6, $AF_NETLINK, $SOCK_DGRAM, $SOCK_RAW) = (2, 10, 16, 2, 3);
my $SIOCGIFINDEX = 0x8933;
my ($RTM_NEWLINK, $RTM_NEWADDR, $RTM_NEWROUTE) = (16, 20, 24);
my ($NLM_F_REQUEST, $NLM_F_ACK, $NLM_F_NEW) = (1, 4, 0x600);
my ($IFF_UP, $LO, $RT_TABLE_MAIN, $RTPROT_BOOT, $RTN_UNICAST) = (1, 1, 254, 3, 1);
my ($IFLA_ADDRESS, $IFLA_IFNAME, $IFLA_MTU, $IFLA_MASTER, $IFLA_LINKINFO, $IFLA_NET_NS_PID, $IFLA_AF_SPEC) =
  (1, 3, 4, 10, 18, 19, 26);
my ($IFLA_INFO_KIND, $IFLA_INFO_DATA, $VETH_INFO_PEER) = (1, 2, 1);
my ($IFLA_INET6_ADDR_GEN_MODE, $IN6_ADDR_GEN_MODE_NONE) = (8, 1);
my ($IFA_ADDRESS, $IFA_LOCAL, $IFA_BROADCAST, $RTA_OIF, $RTA_GATEWAY) = (1, 2, 4, 4, 5);

sub netlink {
  socket(my $socket, $AF_NETLINK, $SOCK_RAW, 0) or die "netlink: $!\n";
  return $socket;
}

# The kernel's answer is a header of 16 bytes and a negative error number, or 0.
sub ask {
  my ($what, $socket, $type, $flags, $body) = @_;
  my $header = pack('LSSLL', 16 + length $body, $type, $NLM_F_REQUEST | $NLM_F_ACK | $flags, 1, 0);
  defined send($socket, $header . $body, 0) && defined recv($socket, my $answer, 65536, 0) or die "$what: $!\n";
  my $error = unpack('x16 l', $answer);
  if ($error) {
    $! = -$error;
    die "$what: $!\n";
  }
}

sub attribute {
  my ($type, $value) = @_;
  my $length = 4 + length $value;
  return pack('SS', $length, $type) . $value . "\0" x ((4 - $length % 4) % 4);
}

sub link_message {
  my ($index, $flags, @attributes) = @_;
  return pack('CxSlLL', 0, 0, $index, $flags, $flags) . join('', @attributes);
}

sub index_of {
  my ($name) = @_;
  socket(my $socket, $AF_INET, $SOCK_DGRAM, 0) or die "$name: $!\n";
  my $request = pack('a16 x24', $name);
  ioctl($socket, $SIOCGIFINDEX, $request) or die "$name: $!\n";
  return unpack('x16 l', $request);
}

sub enter_new_namespace {
  my ($file) = @_;
  my ($current, $none) = ('/proc/self/ns/net', '');
  open(my $new, '>', $file) or die "$file: $!\n";
  syscall($SYS_unshare, $CLONE_NEWNET) == 0 or die "unshare: $!\n";
  syscall($SYS_mount, $current, $file, $none, $MS_BIND, $none) == 0 or die "$file: $!\n";
  for my $setting (map { "/proc/sys/net/ipv6/conf/$_/disable_ipv6" } 'all', 'default') {
    -e $setting or next;
    open(my $to, '>', $setting) or die "$setting: $!\n";
    syswrite($to, $ipv6 ? 0 : 1) or die "$setting: $!\n";
  }
}

my $host = netlink();
my $port_of = index_of($bridge);
my $mask = ~0 << 32 - $length & 0xffffffff;

while (my ($file, $address, $name) = splice(@networks, 0, 3)) {
  my $bytes = pack('C4', split(/\./, $address));
  my $broadcast = pack('N', unpack('N', $bytes) | ~$mask & 0xffffffff);
  enter_new_namespace($file);
  my $inside = netlink();

  my $peer = link_message(0, 0, attribute($IFLA_IFNAME, "eth0\0"), attribute($IFLA_MTU, pack('L', $mtu)),
    attribute($IFLA_ADDRESS, "\x0a\x58$bytes"), attribute($IFLA_NET_NS_PID, pack('L', $$)));
  ask("veth pair $name", $host, $RTM_NEWLINK, $NLM_F_NEW, link_message(0, 0, attribute($IFLA_IFNAME, "$name\0"),
    attribute($IFLA_MTU, pack('L', $mtu)), attribute($IFLA_LINKINFO, attribute($IFLA_INFO_KIND, 'veth')
      . attribute($IFLA_INFO_DATA, attribute($VETH_INFO_PEER, $peer)))));

  my $eth0 = index_of('eth0');
  ask('lo', $inside, $RTM_NEWLINK, 0, link_message($LO, $IFF_UP));
  ask('eth0', $inside, $RTM_NEWLINK, 0, link_message($eth0, $IFF_UP));
  ask("address $address", $inside, $RTM_NEWADDR, $NLM_F_NEW, pack('CCCCL', $AF_INET, $length, 0, 0, $eth0)
    . attribute($IFA_LOCAL, $bytes) . attribute($IFA_ADDRESS, $bytes) . attribute($IFA_BROADCAST, $broadcast));

  # no address of IPv6: it would be one on the bridge
  ask("port $name", $host, $RTM_NEWLINK, 0, link_message(0, $IFF_UP, attribute($IFLA_IFNAME, "$name\0"),
    attribute($IFLA_MASTER, pack('L', $port_of)), attribute($IFLA_AF_SPEC,
      attribute($AF_INET6, attribute($IFLA_INET6_ADDR_GEN_MODE, pack('C', $IN6_ADDR_GEN_MODE_NONE))))));
  ask("route by $gateway", $inside, $RTM_NEWROUTE, $NLM_F_NEW,
    pack('CCCCCCCCL', $AF_INET, 0, 0, 0, $RT_TABLE_MAIN, $RTPROT_BOOT, 0, $RTN_UNICAST, 0)
    . attribute($RTA_GATEWAY, pack('C4', split(/\./, $gateway))) . attribute($RTA_OIF, pack('L', $eth0)));
}
