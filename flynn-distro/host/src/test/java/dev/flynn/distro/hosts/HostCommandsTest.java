package dev.flynn.distro.hosts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.LinkAddressFile;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.admin.DrainState;
import dev.flynn.link.admin.HostAdmin;
import dev.flynn.link.admin.HostInfo;
import dev.flynn.link.admin.HostInfo.StoreRole;
import dev.flynn.link.admin.HostService;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class HostCommandsTest {

    @TempDir
    Path data;

    private final PlayedAdmin admin = new PlayedAdmin();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HostLink link;

    @BeforeEach
    void open() {
        var files = new IdentityFiles(data.resolve("identity"));
        HostIdentity identity = files.found("host1", Instant.now());
        var credentials = new HostCredentials(identity, new RemovedHosts(files), Clock.systemUTC());
        link = HostLink.builder(credentials)
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .build();
        HostService.serve(link, admin, new FlynnJson());
        LinkAddressFile.write(data, link.advertisedAddress());
    }

    @AfterEach
    void close() {
        link.close();
    }

    @Test
    void theListHasTheContractsColumnsFirst() {
        assertThat(run("list")).isZero();

        assertThat(out.toString().lines())
                .containsExactly(
                        "ID     ADDR             RAFT STATUS    STATE     JOBS",
                        "host1  192.0.2.11:1113  peer (leader)  alive     3",
                        "host2  192.0.2.12:1113  proxy          draining  0",
                        "host3  -                peer           dead      12");
    }

    @Test
    void theListHasAllFieldsInJson() {
        run("list", "--json");

        assertThat(out.toString())
                .startsWith(
                        "[{\"addr\":\"192.0.2.11:1113\",\"draining\":false,\"full\":false,\"id\":\"host1\",\"jobs\":3,"
                                + "\"raft_status\":\"peer (leader)\",\"state\":\"alive\",\"tags\":{\"disk\":\"ssd\",\"zone\":\"a\"}},");
    }

    @Test
    void aHostWhoseDiskTakesNoNewJobsIsFullUnlessItHasMoreToSay() {
        admin.hosts = List.of(
                new HostInfo("host1", "192.0.2.11:1113", true, false, true, StoreRole.VOTER, Map.of(), 3),
                new HostInfo("host2", "192.0.2.12:1113", true, true, true, StoreRole.VOTER, Map.of(), 3));

        run("list");

        assertThat(out.toString().lines().skip(1))
                .containsExactly(
                        "host1  192.0.2.11:1113  peer         full      3",
                        "host2  192.0.2.12:1113  peer         draining  3");
    }

    @Test
    void withoutHostsTheListSaysSo() {
        admin.hosts = List.of();

        assertThat(run("list")).isEqualTo(1);
        assertThat(err.toString()).contains("no hosts found");
    }

    @Test
    void tagsAreListedSetAndDeleted() {
        assertThat(run("tags")).isZero();
        assertThat(out.toString().lines())
                .containsExactly("HOST   TAGS", "host1  disk=ssd zone=a", "host2  ", "host3  ");

        out.getBuffer().setLength(0);
        assertThat(run("tags", "set", "host1", "disk=ssd", "gpu", "rack=", "eq=a=b"))
                .isZero();
        assertThat(run("tags", "del", "host2", "disk", "zone")).isZero();

        assertThat(admin.heard)
                .containsExactly("tags host1 {disk=ssd, eq=a=b, gpu=true, rack=}", "tags host2 {disk=, zone=}");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void tagsAreListedInJson() {
        run("tags", "--json");

        assertThat(out.toString())
                .isEqualToIgnoringNewLines("{\"host1\":{\"disk\":\"ssd\",\"zone\":\"a\"},\"host2\":{},\"host3\":{}}");
    }

    @Test
    void drainWaitsAndSaysWhatStays() {
        var staying = new DrainState.Staying("host2-x", "router", "app", "it is of a type that runs on every host");
        admin.states.add(new DrainState(2, List.of(staying)));
        admin.states.add(new DrainState(1, List.of(staying)));
        admin.states.add(new DrainState(0, List.of(staying)));

        assertThat(run("drain", "host2")).isZero();

        assertThat(admin.heard).containsExactly("drain host2 true");
        assertThat(out.toString().lines())
                .containsExactly(
                        "host2: 2 jobs to move",
                        "host2: 1 job to move",
                        "host2 is drained",
                        "  host2-x (router app) stays: it is of a type that runs on every host");
    }

    @Test
    void drainThatIsNotWaitedForSaysHowManyAreLeft() {
        admin.states.add(new DrainState(2, List.of()));

        assertThat(run("drain", "--no-wait", "--json", "host2")).isZero();

        assertThat(out.toString()).isEqualToIgnoringNewLines("{\"host\":\"host2\",\"leaving\":2,\"staying\":[]}");
    }

    @Test
    void drainThatTakesTooLongSaysHowToCallItOff() {
        admin.states.add(new DrainState(2, List.of()));

        assertThat(run("drain", "--timeout", "0", "host2")).isEqualTo(1);

        assertThat(err.toString()).contains("2 jobs of host \"host2\"").contains("flynn-host drain --off host2");
    }

    @Test
    void drainIsCalledOff() {
        assertThat(run("drain", "--off", "host2")).isZero();

        assertThat(admin.heard).containsExactly("drain host2 false");
        assertThat(out.toString()).contains("host2 takes jobs again");
    }

    @Test
    void votesAreGivenAndTakenAndAdviceGoesToStandardError() {
        assertThat(run("promote", "host2")).isZero();
        assertThat(run("demote", "-f", "host3")).isZero();
        assertThat(run("remove", "--force", "host3")).isZero();
        assertThat(run("remove", "host3", "--json")).isZero();

        assertThat(admin.heard)
                .containsExactly("promote host2", "demote host3 true", "remove host3 true", "remove host3 false");
        assertThat(out.toString().lines())
                .containsExactly(
                        "host2 votes in the store",
                        "host3 votes in the store no longer",
                        "host3 removed",
                        "{\"host\":\"host3\",\"warnings\":[\"have 1, 3 or 5\"]}");
        assertThat(err.toString()).contains("flynn-host: warning: have 1, 3 or 5");
    }

    @Test
    void whatTheDaemonRefusesIsSaidAsItSaysIt() {
        admin.refusal = new FlynnException(ErrorCode.PRECONDITION_FAILED, "host \"host3\" is the only one that votes");

        assertThat(run("remove", "host3")).isEqualTo(1);

        assertThat(err.toString()).contains("host \"host3\" is the only one that votes");
    }

    @Test
    void withoutADaemonTheWayOutIsSaid() {
        link.close();

        assertThat(run("list")).isEqualTo(1);
        assertThat(err.toString()).isNotEmpty();
    }

    @Test
    void everyCommandHelpsWithAnExample() {
        for (CommandLine command : commands().getSubcommands().values()) {
            assertThat(command.getUsageMessage()).contains("Example: flynn-host " + command.getCommandName());
        }
    }

    @Command(
            name = "flynn-host",
            subcommands = {
                ListCommand.class,
                TagsCommand.class,
                DrainCommand.class,
                PromoteCommand.class,
                DemoteCommand.class,
                RemoveCommand.class
            })
    private static final class Root {}

    private static CommandLine commands() {
        return new CommandLine(new Root());
    }

    private int run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--data-dir");
        all.add(data.toString());
        return commands()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    err.write(failure.getMessage());
                    return 1;
                })
                .execute(all.toArray(String[]::new));
    }

    /** Remembers what it was asked. */
    private static final class PlayedAdmin implements HostAdmin {

        private final List<String> heard = new ArrayList<>();
        private final Deque<DrainState> states = new ArrayDeque<>();
        private List<HostInfo> hosts = List.of(
                new HostInfo(
                        "host1",
                        "192.0.2.11:1113",
                        true,
                        false,
                        false,
                        StoreRole.LEADER,
                        Map.of("disk", "ssd", "zone", "a"),
                        3),
                new HostInfo("host2", "192.0.2.12:1113", true, true, false, StoreRole.LISTENER, Map.of(), 0),
                new HostInfo("host3", "", false, false, false, StoreRole.VOTER, Map.of(), 12));
        private FlynnException refusal;

        @Override
        public List<HostInfo> list() {
            return hosts;
        }

        @Override
        public void setTags(String host, Map<String, String> changes) {
            heard.add("tags " + host + " " + new TreeMap<>(changes));
        }

        @Override
        public void setDraining(String host, boolean draining) {
            heard.add("drain " + host + " " + draining);
        }

        @Override
        public DrainState drainState(String host) {
            return states.size() > 1 ? states.poll() : states.peek();
        }

        @Override
        public List<String> promote(String host) {
            return answer("promote " + host);
        }

        @Override
        public List<String> demote(String host, boolean force) {
            return answer("demote " + host + " " + force);
        }

        @Override
        public List<String> remove(String host, boolean force) {
            return answer("remove " + host + " " + force);
        }

        private List<String> answer(String what) {
            if (refusal != null) {
                throw refusal;
            }
            heard.add(what);
            return List.of("have 1, 3 or 5");
        }
    }
}
