package dev.flynn.spi.scheduler;

import java.util.Set;
import org.apiguardian.api.API;

/**
 * Decides what runs where: a pure function of a snapshot (contract: controller, Jobs and scheduler).
 *
 * <p>Promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>SC-1 What a formation wants and does not have is placed; what it has and does not want is stopped.
 *   <li>SC-2 Nothing moves that need not: a snapshot that is as wanted gives an empty plan.
 *   <li>SC-3 The same snapshot gives the same plan.
 *   <li>SC-4 With {@code SPREADS}: jobs of one type are spread over the hosts that may run them: the counts differ by at
 *       most one after placing onto empty hosts.
 *   <li>SC-5 An omni type runs its count on every host that may run it, and nowhere twice.
 *   <li>SC-6 Tags are honoured: a job goes only to a host that has all its type's tags.
 *   <li>SC-7 The youngest job is stopped first; one that is not placed yet or waits for its restart before any that runs.
 *   <li>SC-8 A job that waits for its restart is not started before its time, and the plan says when to look again.
 *   <li>SC-9 What cannot be placed is reported with a reason; nothing is placed on a host that is not healthy.
 *   <li>SC-10 Applying a plan and planning again gives an empty plan, but for what waited for the room of jobs that the plan
 *       stopped.
 *   <li>SC-11 Jobs of types that their release does not have, and one-off jobs, are left alone.
 *   <li>SC-12 Data is not lost sight of: each job that a type with volumes misses is for the first volume that none of the
 *       jobs that stay has, and no two are for the same one. It starts on that volume's host. While the volume has a job
 *       that is stopping, or that this plan stops, it waits. While its host may not run it, or a job has it that the snapshot
 *       does not tell of, it waits and is reported as of SC-9, naming the volume and its host. Only jobs for which no
 *       volume is left go anywhere, and begin without data.
 *   <li>SC-13 No host is given more than it has: what its jobs reserve, those that are stopping and those that the plan stops
 *       included, is never more than its capacity after a start. What finds no room is reported as of SC-9; the reason says
 *       how much was wanted. A job that reserves nothing finds room anywhere.
 *   <li>SC-14 Where there is not room for all, jobs of a higher priority are placed before those of a lower one. Nothing is
 *       stopped to make room.
 *   <li>SC-15 No two jobs of a type that stay or start are in one place, if its anti-affinity says so. A host without the tag
 *       that it names is in no place, and gets none of them. What finds no place is reported as of SC-9, naming the
 *       anti-affinity. Jobs that share a place already stay.
 *   <li>SC-16 Jobs that the snapshot leaves out count: hosts are chosen and filled as if it told of them.
 *   <li>SC-17 With {@code PACKS}: where all jobs reserve something, none is placed onto an empty host while one that is
 *       in use may run it and has room for it.
 * </ul>
 *
 * <p>Implementations are stateless and thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Scheduler extends AutoCloseable {

    /** What it strives for; the TCK holds it to that. */
    default Set<SchedulerCapability> capabilities() {
        return Set.of();
    }

    Plan plan(ClusterSnapshot snapshot);

    @Override
    default void close() {}
}
