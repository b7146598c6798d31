package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import dev.flynn.router.nginx.NginxConfig.CertificateFiles;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From a table to a configuration that nginx accepts; what is wrong with one route only does not keep it from that. */
final class Acceptance {

    private static final Logger log = LoggerFactory.getLogger(Acceptance.class);

    private final NginxSettings settings;
    private final CertificateStore certificates;

    Acceptance(NginxSettings settings, CertificateStore certificates) {
        this.settings = settings;
        this.certificates = certificates;
    }

    /** What nginx has said yes to. */
    record Accepted(String configuration, Set<Integer> tcpPorts, List<Certificate> certificates) {}

    /**
     * The configuration of a table, as nginx accepts it. It is asked once, and once more for each certificate that it cannot
     * use and has not seen before.
     *
     * @param held ports of TCP routes that it listens on now
     * @param current its configuration now, which it is not asked about again
     * @param problems is told what is wrong with single routes
     * @throws FlynnException {@code VALIDATION} with nginx's own words if it refuses
     */
    Accepted of(RouteTable table, Set<Integer> held, Optional<String> current, List<Problem> problems) {
        RouteTable possible = withoutTakenPorts(table, held, problems);
        Plan plan = new Plan(possible, Acceptance::resolve);
        problems.addAll(plan.problems());
        Set<Integer> ports = new HashSet<>();
        possible.tcpRoutes().forEach(route -> ports.add(route.port()));
        List<Certificate> used = certificates(plan);
        while (true) {
            List<Problem> faults = new ArrayList<>();
            String next = NginxConfig.render(settings, plan, certificateFiles(plan, faults));
            Optional<String> complaint = current.equals(Optional.of(next)) ? Optional.empty() : complaint(next);
            if (complaint.isEmpty()) {
                problems.addAll(faults);
                return new Accepted(next, Set.copyOf(ports), used);
            }
            String words = complaint.get();
            if (!certificates.blame(used, words)) {
                throw FlynnException.invalid("nginx refuses the configuration of the table: " + words);
            }
            settings.defaultCertificate().flatMap(certificates::fault).ifPresent(fault -> {
                throw FlynnException.invalidField("tls-cert", "must be a certificate that nginx can use: " + fault);
            });
        }
    }

    private List<Certificate> certificates(Plan plan) {
        List<Certificate> all = new ArrayList<>();
        settings.defaultCertificate().ifPresent(all::add);
        plan.routes().forEach(route -> route.source().certificate().ifPresent(all::add));
        return all;
    }

    /** What nginx has against a configuration. */
    private Optional<String> complaint(String next) {
        Path candidate = settings.directory().resolve("next.conf");
        PrivateFiles.write(candidate, next);
        Commands.Result verdict = NginxProcess.test(settings, candidate);
        return verdict.status() == 0 ? Optional.empty() : Optional.of(NginxProcess.firstFault(verdict.output()));
    }

    private Map<String, CertificateFiles> certificateFiles(Plan plan, List<Problem> problems) {
        Map<String, CertificateFiles> files = new HashMap<>();
        if (settings.httpsPort().isEmpty()) {
            return files;
        }
        for (Plan.Domain domain : plan.domains()) {
            domain.root()
                    .ifPresent(route -> route.source()
                            .certificate()
                            .ifPresent(certificate -> certificates
                                    .fault(certificate)
                                    .ifPresentOrElse(
                                            reason -> problems.add(new Problem(
                                                    route.source().id(),
                                                    "its certificate cannot be used, the default one takes its place: "
                                                            + reason)),
                                            () -> files.put(route.name(), certificates.write(certificate)))));
        }
        return files;
    }

    /** nginx would keep its former configuration if a single port were taken. */
    private RouteTable withoutTakenPorts(RouteTable table, Set<Integer> held, List<Problem> problems) {
        List<TcpRoute> possible = new ArrayList<>();
        for (TcpRoute route : table.tcpRoutes()) {
            Optional<String> fault = held.contains(route.port())
                    ? Optional.empty()
                    : Ports.whyTaken(settings.listenIp(), route.port(), settings.sharesPorts());
            fault.ifPresent(reason -> problems.add(new Problem(
                    route.id(),
                    "port %d on %s cannot be listened on: %s".formatted(route.port(), settings.listenIp(), reason))));
            if (fault.isEmpty()) {
                possible.add(route);
            }
        }
        return new RouteTable(table.routes(), possible, table.backends(), table.challenges());
    }

    private static Optional<String> resolve(String addr) {
        int colon = addr.lastIndexOf(':');
        if (colon < 1) {
            return Optional.empty();
        }
        String host = addr.substring(0, colon);
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        try {
            String address = InetAddress.getByName(bare).getHostAddress();
            return Optional.of((address.contains(":") ? "[" + address + "]" : address) + addr.substring(colon));
        } catch (UnknownHostException e) {
            log.atWarn().addKeyValue("backend", addr).log("the name of a backend is not known; it is left out");
            return Optional.empty();
        }
    }
}
