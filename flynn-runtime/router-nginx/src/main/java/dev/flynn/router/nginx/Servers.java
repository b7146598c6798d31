package dev.flynn.router.nginx;

import static dev.flynn.router.nginx.ConfigText.quoted;

import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.router.nginx.Plan.Domain;
import dev.flynn.router.nginx.Plan.Route;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The servers: one for plain HTTP; for TLS one for each certificate, and one that refuses names without a route. */
final class Servers {

    /** Matches every name that is not written out, and none is no name. */
    private static final String ANY_NAME = "~.";

    private final ConfigText text;
    private final NginxSettings settings;
    private final Plan plan;
    private final Map<String, CertificateFiles> certificates;

    Servers(ConfigText text, NginxSettings settings, Plan plan, Map<String, CertificateFiles> certificates) {
        this.text = text;
        this.settings = settings;
        this.plan = plan;
        this.certificates = certificates;
    }

    void write() {
        for (Route route : plan.routes()) {
            new Policies(route).zones(text);
        }
        text.open("server")
                .line("listen", settings.listen(settings.httpPort()), "default_server" + settings.listenOptions())
                .line("server_name", "\"\"");
        new Locations(text, settings, plan).write(plan.routes());
        text.close();
        settings.httpsPort().ifPresent(this::tls);
    }

    private void tls(int port) {
        text.line("ssl_protocols", "TLSv1.2", "TLSv1.3");
        text.line("ssl_session_cache", "shared:flynn:10m").line("ssl_session_timeout", "1h");
        CertificateFiles byDefault = CertificateStore.files(
                settings.certificates(), settings.defaultCertificate().orElseThrow());
        Map<CertificateFiles, List<Domain>> domains = new LinkedHashMap<>();
        domains.put(byDefault, new ArrayList<>());
        Optional<CertificateFiles> any = Optional.empty();
        for (Domain domain : plan.domains()) {
            Optional<Route> root = domain.root();
            if (root.isPresent()) {
                CertificateFiles files = certificates.getOrDefault(root.get().name(), byDefault);
                if (domain.domain().equals(Plan.CATCH_ALL)) {
                    any = Optional.of(files);
                } else {
                    domains.computeIfAbsent(files, unused -> new ArrayList<>()).add(domain);
                }
            }
        }
        domains.forEach((files, ofCertificate) -> {
            boolean isDefault = files.equals(byDefault);
            List<String> names = new ArrayList<>(isDefault ? List.of("") : List.of());
            ofCertificate.forEach(domain -> names.add(name(domain)));
            server(port, isDefault, names, Optional.of(files), ofCertificate);
        });
        server(port, false, List.of(ANY_NAME), any, List.of());
    }

    /** @param domains whose requests come here, because they are this server's; those of the catch-all come everywhere */
    private void server(
            int port,
            boolean isDefault,
            List<String> names,
            Optional<CertificateFiles> certificate,
            List<Domain> domains) {
        text.open("server");
        String http2 = settings.binary().http2() ? " http2" : "";
        text.line(
                "listen",
                settings.listen(port),
                "ssl" + http2 + (isDefault ? " default_server" + settings.listenOptions() : ""));
        names.forEach(name -> text.line("server_name", quoted(name)));
        if (certificate.isPresent()) {
            text.line("ssl_certificate", quoted(certificate.get().chain().toString()));
            text.line("ssl_certificate_key", quoted(certificate.get().key().toString()));
        } else {
            text.line("ssl_reject_handshake", "on");
        }
        Set<Route> routes = new LinkedHashSet<>();
        domains.forEach(domain -> routes.addAll(domain.byPath().values()));
        plan.domain(Plan.CATCH_ALL)
                .ifPresent(domain -> routes.addAll(domain.byPath().values()));
        new Locations(text, settings, plan).write(routes);
        text.close();
    }

    /** A leading dot stands for the domain itself too, unless that has a route of its own. */
    private String name(Domain domain) {
        boolean own =
                domain.isWildcard() && plan.domain(domain.domain().substring(2)).isPresent();
        return domain.isWildcard() && !own ? domain.domain().substring(1) : domain.domain();
    }
}
