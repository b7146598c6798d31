package dev.flynn.router.nginx;

import static dev.flynn.router.nginx.ConfigText.quoted;

import dev.flynn.router.nginx.Plan.Service;
import dev.flynn.router.nginx.Plan.Tcp;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The whole configuration, as a text.
 *
 * <p>HTTP is decided by maps and not by a server for each domain: a request's host, path and cookie lead to a route, a
 * service and an address, so that a table of many thousand routes stays small. What a route's policy adds is a set of
 * locations of its own, see {@link Locations}.
 */
final class NginxConfig {

    /** A TCP connection may be silent for as long as it likes; nginx wants a number. */
    private static final String SILENCE = "365d";

    private final NginxSettings settings;
    private final Plan plan;
    private final ConfigText text = new ConfigText();

    private NginxConfig(NginxSettings settings, Plan plan) {
        this.settings = settings;
        this.plan = plan;
    }

    /** @param certificates route's name to the files of its certificate; a route that is not there has the default one */
    static String render(NginxSettings settings, Plan plan, Map<String, CertificateFiles> certificates) {
        NginxConfig config = new NginxConfig(settings, plan);
        config.main();
        config.text.open("http");
        config.http();
        config.groups();
        new RequestMaps(config.text, settings, plan).write();
        new Servers(config.text, settings, plan, certificates).write();
        config.text.close();
        config.tcp();
        return config.text.toString();
    }

    /** Where a certificate lies. */
    record CertificateFiles(Path chain, Path key) {}

    private void main() {
        text.line("daemon", "off");
        text.line("worker_processes", Integer.toString(settings.workers()));
        text.line("pid", quoted(settings.processId().toString()));
        text.line("lock_file", quoted(settings.directory().resolve("nginx.lock").toString()));
        text.line("error_log", "stderr", "error");
        if (!plan.tcpRoutes().isEmpty()) {
            settings.binary().streamModule().ifPresent(module -> text.line("load_module", quoted(module.toString())));
        }
        text.open("events").line("worker_connections", "16384").close();
    }

    private void http() {
        for (String kind : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            text.line(
                    kind + "_temp_path", quoted(settings.bodies().resolve(kind).toString()));
        }
        text.line("access_log", "off");
        text.line("server_tokens", "off");
        text.open("types").close();
        text.line("default_type", quoted("text/plain; charset=utf-8"));
        text.line("underscores_in_headers", "on");
        text.line("client_max_body_size", "0");
        text.line("client_header_timeout", "1m").line("keepalive_timeout", "5m").line("keepalive_requests", "1000000");
        text.line("client_body_timeout", "10m").line("send_timeout", "10m");
        text.line("large_client_header_buffers", "8", "64k");
        text.line("recursive_error_pages", "on");
        text.line("proxy_http_version", "1.1");
        text.line("proxy_buffering", "off");
        text.line("proxy_buffer_size", "64k")
                .line("proxy_busy_buffers_size", "64k")
                .line("proxy_buffers", "2", "64k");
        text.line("proxy_connect_timeout", "1s")
                .line("proxy_read_timeout", "10m")
                .line("proxy_send_timeout", "10m");
        text.line("proxy_socket_keepalive", "on");
        text.line("proxy_redirect", "off");
        text.line("proxy_next_upstream", "off");
        // what a backend says to nginx it would say to whoever stands in its place: nothing is obeyed, everything
        // passes
        text.line(
                "proxy_ignore_headers",
                "X-Accel-Redirect",
                "X-Accel-Expires",
                "X-Accel-Limit-Rate",
                "X-Accel-Buffering",
                "X-Accel-Charset",
                "Expires",
                "Cache-Control",
                "Set-Cookie",
                "Vary");
        for (String field : List.of(
                "Date",
                "Server",
                "X-Pad",
                "X-Accel-Redirect",
                "X-Accel-Expires",
                "X-Accel-Limit-Rate",
                "X-Accel-Buffering",
                "X-Accel-Charset")) {
            text.line("proxy_pass_header", field);
        }
        int size = 1024;
        while (size < 4 * (plan.domains().size() + 2 * plan.routes().size() + addresses())) {
            size *= 2;
        }
        text.line("map_hash_max_size", Integer.toString(size)).line("map_hash_bucket_size", "512");
        text.line("server_names_hash_max_size", Integer.toString(size)).line("server_names_hash_bucket_size", "512");
        text.line("variables_hash_max_size", Integer.toString(size)).line("variables_hash_bucket_size", "128");
    }

    private int addresses() {
        return plan.services().stream()
                .mapToInt(service -> service.addrs().size())
                .sum();
    }

    /**
     * A group for each service of several addresses, and where a cookie can name one of them, a group for each in which that
     * one comes first. No address is remembered as a bad one: every request asks anew.
     */
    private void groups() {
        for (Service service : plan.services()) {
            if (service.addrs().size() > 1) {
                text.open("upstream", service.entry()).line("random", "two", "least_conn");
                service.addrs().forEach(addr -> text.line("server", addr, "max_fails=0"));
                text.close();
            }
        }
        plan.routes().stream()
                .filter(route -> route.source().sticky())
                .flatMap(route -> route.targets().stream())
                .map(Plan.Target::service)
                .distinct()
                .filter(service -> service.addrs().size() > 1)
                .forEach(this::groupsOfOneFirst);
    }

    private void groupsOfOneFirst(Service service) {
        for (int first = 0; first < service.addrs().size(); first++) {
            text.open("upstream", service.entry(first));
            for (int i = 0; i < service.addrs().size(); i++) {
                text.line("server", service.addrs().get(i), i == first ? "max_fails=0" : "max_fails=0 backup");
            }
            text.close();
        }
    }

    private void tcp() {
        if (plan.tcpRoutes().isEmpty()) {
            return;
        }
        text.open("stream");
        text.line("proxy_connect_timeout", "1s").line("proxy_timeout", SILENCE).line("proxy_half_close", "on");
        text.line("proxy_socket_keepalive", "on");
        plan.tcpRoutes().stream()
                .map(Tcp::service)
                .distinct()
                .filter(service -> service.addrs().size() > 1)
                .forEach(service -> {
                    text.open("upstream", service.entry()).line("random", "two", "least_conn");
                    service.addrs().forEach(addr -> text.line("server", addr, "max_fails=0"));
                    text.close();
                });
        for (Tcp route : plan.tcpRoutes()) {
            text.open("server").line("listen", settings.listen(route.source().port()) + settings.listenOptions());
            if (route.service().isEmpty()) {
                text.line("return", "\"\"");
            } else {
                text.line("proxy_pass", route.service().entry());
            }
            text.close();
        }
        text.close();
    }
}
