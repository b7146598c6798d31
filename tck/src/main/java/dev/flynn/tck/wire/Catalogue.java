package dev.flynn.tck.wire;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** All checks of the suite, in the order of the contract. */
final class Catalogue {

    private final List<Check> checks = new ArrayList<>();
    private final Set<String> ids = new HashSet<>();

    static List<Check> whole() {
        var catalogue = new Catalogue();
        TransportChecks.declare(catalogue);
        AppChecks.declare(catalogue);
        ReleaseChecks.declare(catalogue);
        ArtifactChecks.declare(catalogue);
        FormationChecks.declare(catalogue);
        FormationStreamChecks.declare(catalogue);
        JobRecordChecks.declare(catalogue);
        JobRunChecks.declare(catalogue);
        AttachChecks.declare(catalogue);
        LogChecks.declare(catalogue);
        DeploymentChecks.declare(catalogue);
        ProviderChecks.declare(catalogue);
        RouteChecks.declare(catalogue);
        EventListChecks.declare(catalogue);
        EventStreamChecks.declare(catalogue);
        ClusterChecks.declare(catalogue);
        ForwardChecks.declare(catalogue);
        EveryEndpointChecks.declare(catalogue);
        return catalogue.inOrder();
    }

    /** The checks, those of one endpoint together. */
    List<Check> inOrder() {
        List<Endpoint> endpoints =
                checks.stream().map(Check::endpoint).distinct().toList();
        return endpoints.stream()
                .flatMap(endpoint ->
                        checks.stream().filter(check -> check.endpoint().equals(endpoint)))
                .toList();
    }

    /** The checks of an endpoint begin here, or go on. */
    Group endpoint(String id, String section, String call) {
        return new Group(new Endpoint(id, section, call), Profile.CORE);
    }

    /** Goes on with the checks of an endpoint that has some. */
    Optional<Group> groupOf(String endpoint) {
        return checks.stream()
                .map(Check::endpoint)
                .filter(known -> known.id().equals(endpoint))
                .map(known -> new Group(known, Profile.CORE))
                .findFirst();
    }

    /** Adds checks of one endpoint. */
    final class Group {

        private final Endpoint endpoint;
        private final Profile profile;

        private Group(Endpoint endpoint, Profile profile) {
            this.endpoint = endpoint;
            this.profile = profile;
        }

        /** What follows is asked for by this profile and those after it. */
        Group from(Profile first) {
            return new Group(endpoint, first);
        }

        Group check(String name, String says, Check.Body body) {
            return add(name, endpoint.section(), says, Check.Begins.IN_TURN, body);
        }

        /** A check whose sentence is in another section. */
        Group check(String name, String section, String says, Check.Body body) {
            return add(name, section, says, Check.Begins.IN_TURN, body);
        }

        /** A check that has to wait for long. */
        Group slowCheck(String name, String section, String says, Check.Body body) {
            return add(name, section, says, Check.Begins.EARLY, body);
        }

        private Group add(String name, String section, String says, Check.Begins begins, Check.Body body) {
            String id = endpoint.id() + "/" + name;
            if (!ids.add(id)) {
                throw new IllegalStateException("two checks are named " + id);
            }
            checks.add(new Check(id, endpoint, section, says, profile, begins, body));
            return this;
        }
    }
}
