package dev.flynn.link.admin;

import dev.flynn.api.error.FlynnException;
import java.util.List;
import java.util.Map;

/**
 * What an operator does with the hosts of a cluster. A host is named by its id or its address; one that is not known is
 * {@code OBJECT_NOT_FOUND}, in words that name those that are.
 */
public interface HostAdmin {

    /** All hosts by id, dead ones included. */
    List<HostInfo> list();

    /** @param changes tags to set; one with an empty value is deleted */
    void setTags(String host, Map<String, String> changes);

    /** Has a host's jobs move to other hosts and keeps new ones away, until it is set back; for dead hosts too. */
    void setDraining(String host, boolean draining);

    DrainState drainState(String host);

    /**
     * Gives a host a vote on what the store holds; one that has it keeps it.
     *
     * @return what the operator should know
     * @throws FlynnException {@code PRECONDITION_FAILED} if the host is dead or has no replica
     */
    List<String> promote(String host);

    /**
     * Takes the vote; the host keeps its replica.
     *
     * @param force also of a host that is dead
     * @return what the operator should know
     * @throws FlynnException {@code PRECONDITION_FAILED} if the store would be without a majority, or the host is dead
     */
    List<String> demote(String host, boolean force);

    /**
     * Takes a host out of the cluster: its replica of the store, its certificates, its record, its registrations; its jobs are
     * lost. What was done by an earlier call that failed stays done.
     *
     * @param force also if it is alive and has jobs that could be drained
     * @return what the operator should know
     * @throws FlynnException {@code PRECONDITION_FAILED} as for {@link #demote}, or if the host should be drained first
     */
    List<String> remove(String host, boolean force);
}
