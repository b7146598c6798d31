package dev.flynn.distro.cluster;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StoreMember;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Has so many hosts vote on what the store holds that it survives the loss of one or two of them. */
public final class StoreVoters {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final RatisClusterStore store;
    private final int wanted;

    /** @param minHosts of the cluster: with three, three vote; with five and more, five */
    public StoreVoters(RatisClusterStore store, int minHosts) {
        this.store = store;
        this.wanted = wanted(minHosts);
    }

    static int wanted(int hosts) {
        return hosts >= 5 ? 5 : hosts >= 3 ? 3 : 1;
    }

    /**
     * Lets hosts vote, in the order of their ids, until there are enough voters; takes the vote from none.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if they do not keep up with the store
     */
    public void ensure(List<Host> hosts) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (String host : hosts.stream().map(Host::id).sorted().toList()) {
            Set<String> voters = voters();
            if (voters.size() >= wanted) {
                return;
            }
            if (!voters.contains(host)) {
                promote(host, deadline);
            }
        }
    }

    private Set<String> voters() {
        return store.members().stream()
                .filter(StoreMember::isVoter)
                .map(StoreMember::id)
                .collect(Collectors.toSet());
    }

    private void promote(String host, long deadline) {
        while (true) {
            try {
                store.promote(host);
                return;
            } catch (FlynnException e) {
                boolean again = e.code() == ErrorCode.SERVICE_UNAVAILABLE || e.code() == ErrorCode.CONFLICT;
                if (!again || System.nanoTime() > deadline) {
                    throw e;
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw FlynnException.unavailable("interrupted before host \"%s\" had a vote".formatted(host), e);
            }
        }
    }
}
