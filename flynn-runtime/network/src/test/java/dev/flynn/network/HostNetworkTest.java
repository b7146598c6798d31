package dev.flynn.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostNetworkTest {

    private static final Ipv4Network NETWORK = Ipv4Network.parse("100.100.0.0/16");

    @TempDir
    private Path directory;

    private Machine machine;
    private HostNetwork network;
    private String stateBefore;

    @BeforeEach
    void openNetwork() throws IOException {
        machine = Machine.create();
        stateBefore = machine.state();
        network = HostNetwork.open(config("100.100.7.0/24").build());
    }

    @AfterEach
    void removeAll() throws IOException {
        if (machine != null) {
            try (Machine toClose = machine) {
                if (network != null) {
                    network.remove();
                }
            }
        }
    }

    @Test
    void aJobHasAnAddressADefaultRouteAndNothingElse() throws IOException {
        JobInterface job = open(JobId.random("host1"));

        assertThat(job.address()).isEqualTo("100.100.7.2");
        assertThat(job.prefixLength()).isEqualTo(24);
        assertThat(machine.sh(job, "ip -br address"))
                .containsPattern("lo +UNKNOWN +127.0.0.1/8 ")
                .containsPattern("eth0@\\S+ +UP +100.100.7.2/24 \\s");
        assertThat(machine.sh(job, "cat /sys/class/net/eth0/mtu 2>/dev/null; ip link show eth0"))
                .contains("mtu 1400");
        assertThat(machine.sh(job, "ip route")).contains("default via 100.100.7.1 dev eth0");
        assertThat(machine.addressSeenBy(job.address(), job, job)).isEqualTo(job.address());
    }

    @Test
    void jobsReachEachOtherAndTheirHost() throws IOException {
        JobInterface one = open(JobId.random("host1"));
        JobInterface other = open(JobId.random("host1"));

        assertThat(machine.addressSeenBy(other.address(), other, one)).isEqualTo(one.address());
        assertThat(machine.addressSeenBy(other.address(), other, null)).isEqualTo("100.100.7.1");
        assertThat(machine.addressSeenBy("100.100.7.1", null, one)).isEqualTo(one.address());
    }

    @Test
    void openingAJobAgainReturnsWhatItHas() throws IOException {
        JobId job = JobId.random("host1");

        assertThat(open(job)).isEqualTo(open(job));
        assertThat(network.jobs().jobs()).containsExactly(job);
    }

    @Test
    void whoOpensAJobAtTheSameTimeGetsTheSame() throws Exception {
        JobId job = JobId.random("host1");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Set<String> addresses = new HashSet<>();
            for (Future<JobInterface> opened :
                    threads.invokeAll(Collections.nCopies(8, (Callable<JobInterface>) () -> open(job)))) {
                addresses.add(opened.get().address());
            }
            assertThat(addresses).hasSize(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void whatAKilledAgentHadMadeAheadIsTakenAway() throws IOException {
        network.close();
        HostNetworkConfig config = config("100.100.7.0/24").build();
        machine.commands()
                .run(new Veth(config, new JobDirectory(directory)).make(List.of(Ipv4.parse("100.100.7.9"))), "");

        network = HostNetwork.open(config);
        network.close();

        assertThat(machine.sh("ip link")).doesNotContain("fly64640709");
        assertThat(directory.resolve("namespaces")).isEmptyDirectory();
    }

    @Test
    void aWantedAddressIsGivenToTheFirstWhoWantsIt() throws IOException {
        JobInterface first = network.jobs().open(JobId.random("host1"), Optional.of("100.100.7.77"));
        JobInterface second = network.jobs().open(JobId.random("host1"), Optional.of("100.100.7.77"));
        JobInterface spare = network.jobs().open(JobId.random("host1"), Optional.of("100.100.7.3"));
        JobInterface foreign = network.jobs().open(JobId.random("host1"), Optional.of("100.100.8.3"));
        JobInterface gateway = network.jobs().open(JobId.random("host1"), Optional.of("100.100.7.1"));

        assertThat(first.address()).isEqualTo("100.100.7.77");
        assertThat(spare.address()).isEqualTo("100.100.7.3");
        assertThat(Set.of(second.address(), foreign.address(), gateway.address()))
                .hasSize(3)
                .doesNotContain("100.100.7.77", "100.100.7.3", "100.100.8.3", "100.100.7.1");
    }

    @Test
    void jobsAndTheirAddressesSurviveARestartOfTheAgent() throws IOException {
        JobId job = JobId.random("host1");
        JobInterface before = open(job);
        network.close();
        String stateClosed = machine.state();

        network = HostNetwork.open(config("100.100.7.0/24").build());

        assertThat(network.jobs().jobs()).containsExactly(job);
        assertThat(open(job)).isEqualTo(before);
        assertThat(open(JobId.random("host1")).address()).isNotEqualTo(before.address());
        assertThat(machine.addressSeenBy("100.100.7.1", null, before)).isEqualTo(before.address());
        assertThat(stateClosed).contains("fly64640702").doesNotContain("fly64640703");
    }

    @Test
    void aJobThatStartsAgainMayHaveTheAddressThatItHad() throws IOException {
        JobId job = JobId.random("host1");
        String before = open(job).address();
        network.jobs().close(job);

        assertThat(network.jobs()
                        .open(JobId.random("host1"), Optional.of(before))
                        .address())
                .isEqualTo(before);
    }

    @Test
    void jobsThatLostTheirNetworkByARebootAreForgotten() throws IOException {
        JobId job = JobId.random("host1");
        JobInterface before = open(job);
        JobId another = JobId.random("host1");
        Path namespace = open(another).namespace();
        network.close();
        machine.sh("ip link del fly64640702; ip link del fly64640703; umount %s %s; rm %s"
                .formatted(before.namespace(), namespace, namespace));

        network = HostNetwork.open(config("100.100.7.0/24").build());

        assertThat(network.jobs().jobs()).isEmpty();
        assertThat(network.jobs().open(job, Optional.of(before.address()))).isEqualTo(before);
        assertThat(machine.addressSeenBy("100.100.7.1", null, before)).isEqualTo(before.address());
    }

    @Test
    void whatNoLivingJobOwnsIsSweptAway() throws IOException {
        JobId living = JobId.random("host1");
        open(living);
        open(JobId.random("host1"));
        network.close();
        network = HostNetwork.open(config("100.100.7.0/24").build());

        network.jobs().retain(Set.of(living));

        assertThat(network.jobs().jobs()).containsExactly(living);
        network.close();
        assertThat(Files.list(directory.resolve("namespaces"))).hasSize(1);
    }

    @Test
    void aNetworkThatLostItsWayIsMended() throws IOException {
        JobInterface job = open(JobId.random("host1"));
        machine.sh("ip link del flynnbr0; iptables -F; iptables -t nat -F");

        network.check();

        assertThat(machine.addressSeenBy("100.100.7.1", null, job)).isEqualTo(job.address());
        assertThat(machine.sh("iptables -t nat -S")).contains("-s 100.100.7.0/24 ! -d 100.100.0.0/16");
        assertThat(machine.sh("iptables -S FORWARD")).containsOnlyOnce("-j FLYNN-flynnbr0");
    }

    @Test
    void rulesStandOnceHoweverOftenTheHostStarts() throws IOException {
        String before = machine.sh("iptables -S; iptables -t nat -S; ip -4 address show dev flynnbr0 | grep inet");
        network.close();

        network = HostNetwork.open(config("100.100.7.0/24").build());

        assertThat(machine.sh("iptables -S; iptables -t nat -S; ip -4 address show dev flynnbr0 | grep inet"))
                .isEqualTo(before);
    }

    @Test
    void theBridgeKeepsItsHardwareAddressAndHasNoOtherAddress() throws IOException {
        String before = hardwareAddress();
        machine.sh("ip address add 10.9.9.9/24 dev flynnbr0");
        open(JobId.random("host1"));
        network.close();

        network = HostNetwork.open(config("100.100.7.0/24").build());

        assertThat(hardwareAddress()).isEqualTo(before).startsWith("fe:");
        assertThat(machine.sh("ip -4 -o address show dev flynnbr0"))
                .contains("100.100.7.1/24")
                .doesNotContain("10.9.9.9");
    }

    @Test
    void removingLeavesTheMachineAsItWas() throws IOException {
        open(JobId.random("host1"));

        network.remove();
        network = null;

        assertThat(machine.state()).isEqualTo(stateBefore);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aSmallSubnetIsUsedUpAndThenAgain() throws IOException {
        network.remove();
        network = HostNetwork.open(config("100.100.7.0/29").spares(0).build());
        List<JobId> jobs = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            JobId job = JobId.random("host1");
            assertThat(open(job).address()).isEqualTo("100.100.7." + (2 + i));
            jobs.add(job);
        }
        assertThatThrownBy(() -> open(JobId.random("host1")))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY))
                .hasMessageContaining("all 5 addresses")
                .hasMessageContaining("100.100.7.0/29");

        network.jobs().close(jobs.get(3));

        assertThat(open(JobId.random("host1")).address()).isEqualTo("100.100.7.5");
    }

    @Test
    void manyShortJobsLeaveNothingBehind() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> rounds = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                rounds.add(threads.submit(() -> {
                    JobId job = JobId.random("host1");
                    open(job);
                    network.jobs().close(job);
                    return job;
                }));
            }
            for (Future<?> round : rounds) {
                round.get();
            }
        } finally {
            threads.shutdownNow();
        }
        network.close();

        assertThat(machine.sh("ip -br link")).doesNotContain("fly6464");
        assertThat(Files.list(directory.resolve("namespaces"))).isEmpty();
        assertThat(Files.list(directory.resolve("jobs"))).isEmpty();
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
            assertThat(mounts).noneMatch(line -> line.contains(directory.toString()));
        }
    }

    @Test
    void aRemnantInTheWayOfAnAddressIsNotInTheWayOfAJob() throws IOException {
        network.remove();
        machine.sh("ip link add fly64640702 type veth peer name other");
        network = HostNetwork.open(config("100.100.7.0/24").build());

        assertThat(open(JobId.random("host1")).address()).isNotEqualTo("100.100.7.2");
        network.close();
        assertThat(machine.sh("ip link")).doesNotContain("fly64640702");
    }

    @Test
    void jobsHaveIpv6WhereItIsConfigured() throws IOException {
        network.remove();
        network = HostNetwork.open(config("100.100.7.0/24").ipv6(true).build());

        assertThat(machine.sh(open(JobId.random("host1")), "ip -6 address show dev eth0"))
                .contains("inet6 fe80:");
    }

    private JobInterface open(JobId job) throws IOException {
        return network.jobs().open(job, Optional.empty());
    }

    private String hardwareAddress() {
        return machine.sh("ip -br link show dev flynnbr0").trim().split(" +")[2];
    }

    private HostNetworkConfig.Builder config(String subnet) {
        return HostNetworkConfig.builder(NETWORK, Ipv4Network.parse(subnet), directory)
                .namespace(machine.namespace())
                .mtu(1400)
                .spares(2);
    }
}
