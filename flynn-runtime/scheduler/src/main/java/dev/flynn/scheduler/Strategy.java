package dev.flynn.scheduler;

import dev.flynn.api.host.Capacity;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/** How hosts are chosen where there is a choice. */
interface Strategy {

    /** In what order pools have their hosts; ends with the id, so that no two hosts are equal. */
    Comparator<Node> order();

    /**
     * Chooses hosts for jobs of one type.
     *
     * @param perHost how many jobs of the type each host has; a host without any need not be there
     * @param reserved by each job
     */
    Choice choose(HostPool pool, Map<String, Integer> perHost, Places places, Capacity reserved);

    /** Hosts for one job after the other. Until it was used up nobody changes the hosts of the pool. */
    interface Choice {

        /** The next job's host, which has room for it and is allowed; it is promised to it and its place is taken. */
        Optional<Node> next();
    }
}
