package dev.flynn.discovery.etcd;

import dev.flynn.api.error.FlynnException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which etcd holds discovery, and who this process is in it.
 *
 * @param endpoints {@code http://} or {@code https://} URLs of etcd's members
 * @param member the name of this process among those of its cluster, such as its host's id; the same after a restart
 * @param prefix what all keys begin with: one cluster, one prefix
 * @param ttl how long a registration lives without being renewed: whole seconds
 * @param user empty where etcd asks for nobody
 * @param caFile PEM of the authority that etcd's certificates come from; empty for those that Java trusts
 * @param certFile PEM of this process's own certificate, where etcd asks for one; with {@code keyFile}
 */
public record EtcdConfig(
        List<URI> endpoints,
        String member,
        String prefix,
        Duration ttl,
        String user,
        String password,
        Optional<Path> caFile,
        Optional<Path> certFile,
        Optional<Path> keyFile) {

    public static final String DEFAULT_PREFIX = "/flynn/discovery/";

    private static final Pattern MEMBER = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    public EtcdConfig {
        endpoints = List.copyOf(endpoints);
        if (endpoints.isEmpty()) {
            throw FlynnException.invalidField("endpoints", "must name at least one URL of etcd");
        }
        for (URI endpoint : endpoints) {
            boolean known = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
            if (!known || endpoint.getHost() == null || endpoint.getPort() < 0) {
                throw FlynnException.invalidField(
                        "endpoints",
                        "must be URLs like https://etcd.example.com:2379, one is \"%s\"".formatted(endpoint));
            }
        }
        if (!MEMBER.matcher(member).matches()) {
            throw FlynnException.invalidField(
                    "member",
                    "must be 1 to 100 letters, digits, dots, dashes or underscores, was \"%s\"".formatted(member));
        }
        if (!prefix.endsWith("/")) {
            throw FlynnException.invalidField("prefix", "must end with a slash, was \"%s\"".formatted(prefix));
        }
        if (ttl.toSeconds() < 1 || ttl.toNanosPart() != 0) {
            throw FlynnException.invalidField("ttl", "must be whole seconds, at least one, was " + ttl);
        }
        if (certFile.isPresent() != keyFile.isPresent()) {
            throw FlynnException.invalid("cert-file and key-file belong together: set both or neither");
        }
    }

    /** An etcd without users and TLS. */
    public EtcdConfig(List<URI> endpoints, String member, String prefix, Duration ttl) {
        this(endpoints, member, prefix, ttl, "", "", Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "etcd at " + endpoints + ", prefix " + prefix;
    }
}
