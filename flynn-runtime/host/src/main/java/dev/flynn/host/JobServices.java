package dev.flynn.host;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.release.HealthChecks;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.discovery.Discovery;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has the ports of jobs that run checked and registered. */
final class JobServices {

    private static final Logger log = LoggerFactory.getLogger(JobServices.class);

    private final Discovery discovery;
    private final Heartbeats heartbeats;
    private final Pauses pauses;

    JobServices(Discovery discovery, Heartbeats heartbeats, Pauses pauses) {
        this.discovery = discovery;
        this.heartbeats = heartbeats;
        this.pauses = pauses;
    }

    /** @param address where the job listens */
    void start(LocalJob job, String address) {
        for (Port port : job.spec.ports()) {
            port.service()
                    .filter(service -> canCheck(job, service, port.proto()))
                    .ifPresent(service -> start(job, service, port, address));
        }
    }

    private void start(LocalJob job, Service service, Port port, String address) {
        Instance instance =
                Instance.of(port.proto(), address + ":" + port.port(), JobEnvironment.serviceMeta(job.spec.env()));
        var registered = new ServicePort(
                service,
                instance,
                discovery,
                heartbeats,
                pauses,
                probe(job, instance),
                () -> job.backend.stop(job.id(), Duration.ZERO));
        if (job.addService(registered)) {
            registered.start();
        }
    }

    private static Probe probe(LocalJob job, Instance instance) {
        Probe inside = new CommandProbe(job.backend, job.id());
        Probe network = Probe.ofAddress(instance.host(), instance.port());
        return check -> check.byCommand() ? inside.ask(check) : network.ask(check);
    }

    /** What nobody can check is never registered: nobody knows whether it is well. */
    private static boolean canCheck(LocalJob job, Service service, String proto) {
        boolean can = !HealthChecks.of(service, proto).byCommand()
                || job.backend.capabilities().contains(Capability.EXEC);
        if (!can) {
            log.atError()
                    .addKeyValue("job", job.id())
                    .addKeyValue("service", service.name())
                    .log("the backend of this job cannot run commands in it, so its check by a command never passes "
                            + "and it is not registered; use a check of type tcp, http or https");
        }
        return can;
    }
}
