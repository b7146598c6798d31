package dev.flynn.api.domain;

import java.time.Instant;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * The move of a cluster to another domain (contract: controller, DomainMigration and certificate).
 *
 * @param id a UUID; empty in requests
 * @param oldTlsCert of the routers before
 * @param tlsCert of the routers afterwards; made by the cluster unless it was given
 * @param finishedAt present once everything has moved
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record DomainMigration(
        String id,
        String oldDomain,
        String domain,
        Optional<TlsCertificate> oldTlsCert,
        Optional<TlsCertificate> tlsCert,
        Optional<Instant> createdAt,
        Optional<Instant> finishedAt) {

    public DomainMigration withTlsCert(TlsCertificate made) {
        return new DomainMigration(id, oldDomain, domain, oldTlsCert, Optional.of(made), createdAt, finishedAt);
    }

    public DomainMigration finished(Instant when) {
        return new DomainMigration(id, oldDomain, domain, oldTlsCert, tlsCert, createdAt, Optional.of(when));
    }
}
