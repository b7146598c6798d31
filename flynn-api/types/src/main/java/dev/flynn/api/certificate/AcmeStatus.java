package dev.flynn.api.certificate;

import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Where a cluster gets certificates from, and how that goes.
 *
 * @param settings empty while it gets none
 * @param domains those that routes want, by name
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record AcmeStatus(Optional<AcmeSettings> settings, List<DomainCertificate> domains) {

    public AcmeStatus {
        domains = List.copyOf(domains);
    }
}
