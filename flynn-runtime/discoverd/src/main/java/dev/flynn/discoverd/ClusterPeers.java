package dev.flynn.discoverd;

import dev.flynn.api.error.FlynnException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Who votes on what the cluster knows, as far as discoverd's HTTP API tells and changes it. */
public interface ClusterPeers {

    /** The {@code host:port} of the peer that leads; empty while there is none. */
    Optional<String> leader();

    /** The {@code host:port} of every voting peer. */
    List<String> peers();

    /** How far this host knows the cluster's history. */
    long lastIndex();

    /** Lets a host vote; one that does already is fine. */
    void add(String address);

    /** Lets a host vote no longer; one that does not is fine. */
    void remove(String address);

    /** Lets this host vote. */
    void promote();

    /** Lets this host vote no longer. */
    void demote();

    /** A cluster of one host, which leads and cannot change. */
    static ClusterPeers alone(String address, LongSupplier lastIndex) {
        return readOnly(() -> Optional.of(address), () -> List.of(address), lastIndex);
    }

    /**
     * Peers that are told but not changed over HTTP, where nobody proves who he is.
     *
     * @param leader as {@link #leader}
     * @param peers as {@link #peers}
     */
    static ClusterPeers readOnly(
            Supplier<Optional<String>> leader, Supplier<List<String>> peers, LongSupplier lastIndex) {
        return new ClusterPeers() {
            @Override
            public Optional<String> leader() {
                return leader.get();
            }

            @Override
            public List<String> peers() {
                return peers.get();
            }

            @Override
            public long lastIndex() {
                return lastIndex.getAsLong();
            }

            @Override
            public void add(String address) {
                if (!peers().contains(address)) {
                    throw refused();
                }
            }

            @Override
            public void remove(String address) {
                if (peers().contains(address)) {
                    throw refused();
                }
            }

            @Override
            public void promote() {
                throw refused();
            }

            @Override
            public void demote() {
                throw refused();
            }

            private FlynnException refused() {
                return FlynnException.unsupported(
                        "changing peers over HTTP, where nobody proves who he is (use flynn-host promote and demote),");
            }
        };
    }
}
