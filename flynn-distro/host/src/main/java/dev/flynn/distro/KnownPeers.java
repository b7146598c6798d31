package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.store.StoreMember;
import dev.flynn.store.StorePeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Where a host that is new to its cluster finds the others: what the operator said, and what the cluster said when it joined. */
final class KnownPeers {

    private static final String FILE = "joined-through";
    private static final String PEERS = "peers";

    private final Path file;
    private final DaemonOptions options;

    KnownPeers(DataDirectory data, DaemonOptions options) {
        this.file = data.root().resolve(FILE);
        this.options = options;
    }

    /**
     * Links of hosts that may belong to the cluster.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if there are none yet
     */
    List<String> linkAddresses() {
        Stream<String> listed = options.discovery().stream()
                .flatMap(list -> list.hostUrls().stream())
                .map(url -> URI.create(url).getHost());
        List<String> addresses = Stream.concat(options.peers().stream(), listed)
                .filter(host -> !host.equals(options.externalIp()))
                .map(this::withPort)
                .distinct()
                .toList();
        if (addresses.isEmpty()) {
            throw FlynnException.unavailable("the list of hosts has no other one yet", null);
        }
        return addresses;
    }

    private String withPort(String host) {
        return host.contains(":") ? host : host + ":" + options.linkPort();
    }

    /** What a cluster tells hosts that join it. */
    static Map<String, String> facts(List<StoreMember> members) {
        return Map.of(
                PEERS,
                members.stream()
                        .filter(member -> !member.address().isEmpty())
                        .map(member -> member.id() + "@" + member.address())
                        .collect(Collectors.joining(" ")));
    }

    /** Keeps what the cluster told. */
    void remember(Map<String, String> facts) {
        try {
            Files.writeString(file, facts.getOrDefault(PEERS, "") + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    /**
     * The hosts of the cluster when this one joined it.
     *
     * @throws FlynnException {@code VALIDATION} if nobody knows
     */
    List<StorePeer> remembered() {
        List<StorePeer> peers = new ArrayList<>();
        try {
            for (String peer : Files.readString(file).strip().split(" ")) {
                int at = peer.indexOf('@');
                if (at > 0) {
                    peers.add(new StorePeer(peer.substring(0, at), peer.substring(at + 1)));
                }
            }
        } catch (IOException e) {
            throw FlynnException.invalid(
                    "this host joined its cluster and does not know its hosts any more (%s): remove it there with 'flynn-host remove', move the directory identity away, and let it join again"
                            .formatted(e));
        }
        return peers;
    }
}
