package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * Chooses the ports of the router: the wanted ones, or 80 and 443 where they can be had, else 8080 and 8443.
 *
 * @param http where plain HTTP is accepted
 * @param https where TLS is accepted
 * @param publicHttps where clients find TLS
 */
record ListenPorts(int http, int https, int publicHttps) {

    private static final int MAX_PORT = 65_535;

    ListenPorts(int http, int https) {
        this(http, https, https);
    }

    /**
     * @param wantedHttp given by the operator: taken or refused, never replaced
     * @param say is told, in a sentence, when a port is not the usual one
     * @throws FlynnException {@code CONFLICT} naming who holds a wanted port
     */
    static ListenPorts choose(String listenIp, OptionalInt wantedHttp, OptionalInt wantedHttps, Consumer<String> say) {
        return choose("--", listenIp, wantedHttp, wantedHttps, say);
    }

    /** @param options what the operator's options begin with */
    static ListenPorts choose(
            String options, String listenIp, OptionalInt wantedHttp, OptionalInt wantedHttps, Consumer<String> say) {
        String httpOption = options + "http-port";
        String httpsOption = options + "https-port";
        requireAddress(listenIp);
        int http = one(listenIp, httpOption, wantedHttp, 80, 8080, say);
        int https = one(listenIp, httpsOption, wantedHttps, 443, 8443, say);
        if (http == https) {
            throw FlynnException.invalid("%s and %s must differ, both are %d".formatted(httpOption, httpsOption, http));
        }
        return new ListenPorts(http, https);
    }

    /** What is no address would be looked up, or called unresolved. */
    private static void requireAddress(String listenIp) {
        if (new InetSocketAddress(listenIp, 0).isUnresolved()) {
            throw FlynnException.invalid(
                    "\"%s\" is no IP address; give one of this machine's, such as 127.0.0.1".formatted(listenIp));
        }
    }

    private static int one(
            String ip, String option, OptionalInt wanted, int usual, int fallback, Consumer<String> say) {
        wanted.ifPresent(port -> {
            if (port < 0 || port > MAX_PORT) {
                throw FlynnException.invalid(
                        "%s is 1 to %d, or 0 for any free one; it was %d".formatted(option, MAX_PORT, port));
            }
        });
        if (wanted.isPresent() && wanted.getAsInt() == 0) {
            return anyFree(ip);
        }
        if (wanted.isPresent()) {
            obstacle(ip, wanted.getAsInt()).ifPresent(reason -> {
                throw FlynnException.conflict("port %d cannot be used: %s; free it, or give another %s"
                        .formatted(wanted.getAsInt(), reason, option));
            });
            return wanted.getAsInt();
        }
        Optional<String> reason = obstacle(ip, usual);
        if (reason.isEmpty()) {
            return usual;
        }
        obstacle(ip, fallback).ifPresent(second -> {
            String both = second.equals(reason.get()) ? second : reason.get() + "; " + second;
            throw FlynnException.conflict("neither port %d nor port %d can be used: %s; give another %s"
                    .formatted(usual, fallback, both, option));
        });
        say.accept("port %d cannot be used (%s), so port %d is".formatted(usual, reason.get(), fallback));
        return fallback;
    }

    /** A port that is free now. */
    static int anyFree(String ip) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(ip, 0));
            return socket.getLocalPort();
        } catch (IOException e) {
            throw FlynnException.conflict("no port of %s can be used: %s".formatted(ip, e.getMessage()));
        }
    }

    /** Why a port cannot be bound; empty if it can. */
    private static Optional<String> obstacle(String ip, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(ip, port));
            return Optional.empty();
        } catch (BindException e) {
            String problem = String.valueOf(e.getMessage());
            if (problem.contains("Permission denied")) {
                return Optional.of("it needs root or CAP_NET_BIND_SERVICE");
            }
            if (problem.contains("assign requested address")) {
                return Optional.of(ip + " is no address of this machine");
            }
            return Optional.of(new PortHolder(Path.of("/proc"))
                    .describe(port)
                    .map(holder -> "it is held by " + holder)
                    .orElse("it is in use"));
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** The same, where clients find TLS on another port. */
    ListenPorts seenAt(OptionalInt otherHttps) {
        return new ListenPorts(http, https, otherHttps.orElse(https));
    }

    /** The domain as URLs with TLS need it: with the port unless it is the usual one. */
    String urlDomain(String domain) {
        return publicHttps == 443 ? domain : domain + ":" + publicHttps;
    }

    /** The start of plain URLs of a host name. */
    String httpUrl(String host) {
        return "http://" + host + (http == 80 ? "" : ":" + http);
    }
}
