package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteReplyProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.MessageLite;
import org.apache.ratis.util.ProtoUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A listener to which this test speaks as p1 or p2, in Ratis' own messages. */
@Timeout(60)
class ListenerTest {

    @TempDir
    Path directory;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private TestCluster cluster;
    private Speaker p1;
    private Speaker p2;

    @BeforeEach
    void open() throws IOException {
        cluster = TestCluster.of(directory, 0);
        cluster.startJoining("listener");
        p1 = new Speaker("p1");
        p2 = new Speaker("p2");
    }

    @AfterEach
    void close() {
        p1.close();
        p2.close();
        cluster.close();
        threads.shutdownNow();
    }

    /** Ratis 3.3.0 waits for the end of that watch while it holds the lock that the watch waits for. */
    @Test
    void becomesAVoterWhileItsWatchOverTheLeaderWaitsForRatis() throws Exception {
        Thread watch = watchOf("listener");
        CompletableFuture<AppendEntriesReplyProto> appended;
        synchronized (lockOf(watch)) {
            await().until(() -> watch.getState() == Thread.State.BLOCKED);
            appended = p1.append(1, members(0));
            // whoever comes last gets the lock first
            TimeUnit.MILLISECONDS.sleep(300);
        }

        assertThat(appended)
                .succeedsWithin(Duration.ofSeconds(10))
                .matches(reply -> reply.getResult() == AppendResult.SUCCESS);
        assertThat(cluster.store("listener").members()).allMatch(StoreMember::isVoter);
    }

    @Test
    void votesOnceInATermForWhoKnowsAsMuch() throws Exception {
        assertThat(p1.append(1, members(0, "p1", "p2"))).succeedsWithin(Duration.ofSeconds(10));
        TimeUnit.MILLISECONDS.sleep(700); // until it takes its leader for gone

        assertThat(p2.ask(true, 1, -1)).isFalse();
        assertThat(p2.ask(true, 1, 0)).isTrue();
        assertThat(p2.ask(false, 1, 0)).isFalse();
        assertThat(p2.ask(false, 2, -1)).isFalse();
        assertThat(p2.ask(false, 2, 0)).isTrue();
        assertThat(p1.ask(false, 2, 0)).isFalse();
        assertThat(p2.ask(false, 2, 0)).isTrue();

        cluster.stop("listener");
        cluster.startJoining("listener");

        assertThat(p1.ask(false, 2, 0)).isFalse();
        assertThat(p2.ask(false, 2, 0)).isTrue();
        assertThat(p1.ask(false, 3, 0)).isTrue();
    }

    @Test
    void helpsNobodyElseWhileItHearsOfItsLeader() throws Exception {
        assertThat(p1.append(1, members(0, "p1", "p2"))).succeedsWithin(Duration.ofSeconds(10));
        assertThat(p1.append(1)).succeedsWithin(Duration.ofSeconds(10));

        assertThat(p2.ask(true, 1, 0)).isFalse();
        assertThat(p1.ask(true, 1, 0)).isTrue();
    }

    @Test
    void followsNoLeaderOfATermBeforeItsVote() throws Exception {
        assertThat(p1.append(1, members(0, "p1", "p2"))).succeedsWithin(Duration.ofSeconds(10));
        assertThat(p2.ask(false, 3, 0)).isTrue();

        for (LogEntryProto[] entries : List.of(new LogEntryProto[0], new LogEntryProto[] {members(1)})) {
            assertThat(p1.append(2, entries))
                    .succeedsWithin(Duration.ofSeconds(10))
                    .matches(reply -> reply.getResult() == AppendResult.NOT_LEADER && reply.getTerm() == 3);
        }
        assertThat(p2.append(3, members(1)))
                .succeedsWithin(Duration.ofSeconds(10))
                .matches(reply -> reply.getResult() == AppendResult.SUCCESS);
    }

    @Test
    void isBoundByItsVotesWhenItIsAVoter() throws Exception {
        assertThat(p1.append(1, members(0, "p1", "p2"))).succeedsWithin(Duration.ofSeconds(10));
        assertThat(p2.ask(false, 3, 0)).isTrue();
        assertThat(p2.append(3, members(1))).succeedsWithin(Duration.ofSeconds(10));

        assertThat(p1.ask(false, 3, 1)).isFalse();
    }

    @Test
    void votesWhenItStartsAgainInTheMiddleOfItsPromotion() throws Exception {
        assertThat(p1.append(1, promotion())).succeedsWithin(Duration.ofSeconds(10));

        cluster.stop("listener");
        cluster.startJoining("listener");

        assertThat(p2.ask(true, 1, 0)).isTrue();
        assertThat(p2.ask(false, 2, 0)).isTrue();
        assertThat(p1.ask(false, 2, 0)).isFalse();
        assertThat(p2.append(2, members(1)))
                .succeedsWithin(Duration.ofSeconds(10))
                .matches(reply -> reply.getResult() == AppendResult.SUCCESS);
        assertThat(p1.ask(false, 2, 1)).isFalse();
        assertThat(p2.ask(false, 3, 1)).isTrue();
    }

    /** An entry by which the listener is to be a voter beside p1 and p2. */
    private static LogEntryProto promotion() {
        return LogEntryProto.newBuilder()
                .setTerm(1)
                .setIndex(0)
                .setConfigurationEntry(RaftConfigurationProto.newBuilder()
                        .addOldPeers(peer("p1"))
                        .addOldPeers(peer("p2"))
                        .addOldListeners(peer("listener"))
                        .addPeers(peer("p1"))
                        .addPeers(peer("p2"))
                        .addPeers(peer("listener")))
                .build();
    }

    /** An entry by which these are the voters; all of them and the listener if none is named. */
    private static LogEntryProto members(long index, String... voters) {
        var members = RaftConfigurationProto.newBuilder();
        for (String voter : voters.length == 0 ? new String[] {"p1", "p2", "listener"} : voters) {
            members.addPeers(peer(voter));
        }
        if (voters.length > 0) {
            members.addListeners(peer("listener"));
        }
        return LogEntryProto.newBuilder()
                .setTerm(1)
                .setIndex(index)
                .setConfigurationEntry(members)
                .build();
    }

    private static RaftPeerProto peer(String name) {
        return RaftPeerProto.newBuilder()
                .setId(ByteString.copyFromUtf8(name))
                .setAddress("at-" + name)
                .build();
    }

    private static Thread watchOf(String peer) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(peer + "@")
                        && thread.getClass().getSimpleName().equals("FollowerState"))
                .findFirst()
                .orElseThrow();
    }

    private static Object lockOf(Thread watch) throws ReflectiveOperationException {
        Field server = watch.getClass().getDeclaredField("server");
        server.setAccessible(true);
        return server.get(watch);
    }

    /** One of the others. */
    private final class Speaker {

        private final String name;
        private final DataDirectory data;
        private final PeerCalls calls;
        private long callId;

        Speaker(String name) throws IOException {
            this.name = name;
            UUID group = UUID.fromString(cluster.store("listener").cluster().toString());
            this.data = DataDirectory.open(
                    cluster.directory(name),
                    new DataDirectory.Owner(Optional.of(group), Optional.of(name), Optional.of(List.of())));
            this.calls = new PeerCalls(cluster.network.transport(TestCluster.peer(name)), data, "at-" + name, threads);
            calls.start();
            calls.learn("listener", "at-listener");
        }

        /** Tells "listener", as the leader of this term, of these entries; of nothing new if there are none. */
        CompletableFuture<AppendEntriesReplyProto> append(long term, LogEntryProto... entries) {
            var request = AppendEntriesRequestProto.newBuilder()
                    .setServerRequest(head())
                    .setLeaderTerm(term)
                    .setLeaderCommit(-1)
                    .addAllEntries(List.of(entries));
            if (entries.length > 0 && entries[0].getIndex() > 0) {
                request.setPreviousLog(termIndex(entries[0].getIndex() - 1));
            }
            return call("store/append", request.build()).thenApply(answer -> {
                try {
                    return AppendEntriesReplyProto.parseFrom(answer);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }

        /** Whether the listener gives its vote; the last entry that the candidate has is of term 1, -1 if it has none. */
        boolean ask(boolean first, long term, long lastIndex) throws Exception {
            var request = RequestVoteRequestProto.newBuilder()
                    .setServerRequest(head())
                    .setCandidateTerm(term)
                    .setPreVote(first)
                    .setCandidateLastEntry(
                            lastIndex < 0
                                    ? TermIndexProto.newBuilder()
                                            .setTerm(0)
                                            .setIndex(-1)
                                            .build()
                                    : termIndex(lastIndex));
            ByteBuffer answer = call("store/vote", request.build()).get(10, TimeUnit.SECONDS);
            return RequestVoteReplyProto.parseFrom(answer).getServerReply().getSuccess();
        }

        private static TermIndexProto termIndex(long index) {
            return TermIndexProto.newBuilder().setTerm(1).setIndex(index).build();
        }

        private CompletableFuture<ByteBuffer> call(String method, MessageLite request) {
            byte[] bytes = request.toByteArray();
            return calls.call(
                    "listener",
                    method,
                    calls.newRequest(bytes.length).put(bytes).flip());
        }

        private RaftRpcRequestProto head() {
            return RaftRpcRequestProto.newBuilder()
                    .setRequestorId(ByteString.copyFromUtf8(name))
                    .setReplyId(ByteString.copyFromUtf8("listener"))
                    .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(RaftGroupId.valueOf(data.group())))
                    .setCallId(++callId)
                    .build();
        }

        void close() {
            calls.close();
            data.close();
        }
    }
}
