package dev.flynn.tck.scheduler;

import static java.util.Comparator.comparing;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.ClusterSnapshot.VolumeView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerCapability;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong scheduler fails it, by the number of what is wrong. */
class SchedulerTckSelfTest {

    static Stream<Class<?>> wrongSchedulers() {
        return Arrays.stream(SchedulerTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongSchedulers")
    void rejects(Class<?> wrongScheduler) {
        List<String> broken = List.of(wrongScheduler.getAnnotation(Breaks.class).value());
        assertThat(KitRun.brokenPromises(wrongScheduler, broken)).containsAll(broken);
    }

    @Breaks("SC-1")
    static class CountsJobsThatAreStopping extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean counts(JobView job) {
                    return job.state() != JobState.DOWN;
                }
            };
        }
    }

    @Breaks("SC-1")
    static class ForgetsDeletedFormations extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                List<TypeView> typesOf(ClusterSnapshot snapshot, FormationView formation) {
                    return formation.types();
                }
            };
        }
    }

    @Breaks({"SC-2", "SC-10"})
    static class RebalancesWheneverItLooks extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                void planType(
                        Draft draft,
                        ClusterSnapshot snapshot,
                        FormationView formation,
                        TypeView type,
                        List<JobView> jobs,
                        List<HostView> hosts,
                        int count) {
                    jobs.forEach(job -> draft.stop.add(job.id()));
                    super.planType(draft, snapshot, formation, type, List.of(), hosts, count);
                }
            };
        }
    }

    @Breaks("SC-3")
    static class PlansSomethingElseEachTime extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Plan plan(ClusterSnapshot snapshot) {
                    Plan plan = super.plan(snapshot);
                    List<Plan.Start> shuffled = new ArrayList<>(plan.start());
                    Collections.shuffle(shuffled);
                    return new Plan(plan.stop(), shuffled, plan.unplaceable(), plan.lookAgainAt());
                }
            };
        }
    }

    @Breaks("SC-4")
    static class FillsOneHostFirst extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                Comparator<HostView> preference(List<String> placed) {
                    return comparing(HostView::id);
                }
            };
        }
    }

    @Breaks("SC-5")
    static class TakesOmniForAnOrdinaryType extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                List<TypeView> typesOf(ClusterSnapshot snapshot, FormationView formation) {
                    return super.typesOf(snapshot, formation).stream()
                            .map(type -> new TypeView(type.type(), type.count(), false, type.tags()))
                            .toList();
                }
            };
        }
    }

    @Breaks({"SC-6", "SC-4"})
    static class IgnoresTags extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean mayRun(HostView host, TypeView type) {
                    return host.schedulable();
                }
            };
        }
    }

    @Breaks("SC-7")
    static class StopsTheOldestFirst extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                Comparator<JobView> stopOrder() {
                    return comparing(JobView::startedAt);
                }
            };
        }
    }

    @Breaks("SC-7")
    static class LetsWaitingJobsWaitWhileItStopsRunningOnes extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                Comparator<JobView> stopOrder() {
                    Comparator<JobView> waitingLast = comparing(this::isWaiting);
                    return waitingLast.thenComparing(super.stopOrder());
                }
            };
        }
    }

    @Breaks("SC-8")
    static class RestartsAtOnce extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean isDue(JobView job, Instant now) {
                    return true;
                }
            };
        }
    }

    @Breaks("SC-8")
    static class DoesNotSayWhenToLookAgain extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Plan plan(ClusterSnapshot snapshot) {
                    Plan plan = super.plan(snapshot);
                    return new Plan(plan.stop(), plan.start(), plan.unplaceable(), Optional.empty());
                }
            };
        }
    }

    @Breaks("SC-9")
    static class KeepsQuietAboutWhatItCannotPlace extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Plan plan(ClusterSnapshot snapshot) {
                    Plan plan = super.plan(snapshot);
                    return new Plan(plan.stop(), plan.start(), List.of(), plan.lookAgainAt());
                }
            };
        }
    }

    @Breaks("SC-9")
    static class UsesHostsThatTakeNoNewJobs extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean mayRun(HostView host, TypeView type) {
                    return host.tags().entrySet().containsAll(type.tags().entrySet());
                }
            };
        }
    }

    @Breaks("SC-10")
    static class StartsOneJobPerPlan extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Plan plan(ClusterSnapshot snapshot) {
                    Plan plan = super.plan(snapshot);
                    List<Plan.Start> first = plan.start().stream().limit(1).toList();
                    return new Plan(plan.stop(), first, plan.unplaceable(), plan.lookAgainAt());
                }
            };
        }
    }

    @Breaks("SC-11")
    static class StopsWhateverNoFormationNames extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Plan plan(ClusterSnapshot snapshot) {
                    Plan plan = super.plan(snapshot);
                    List<JobId> stop = new ArrayList<>(plan.stop());
                    snapshot.jobs().stream()
                            .filter(job -> snapshot.formations().stream()
                                    .flatMap(formation -> formation.types().stream())
                                    .noneMatch(type -> type.type().equals(job.type())))
                            .map(JobView::id)
                            .filter(id -> !stop.contains(id))
                            .forEach(stop::add);
                    return new Plan(stop, plan.start(), plan.unplaceable(), plan.lookAgainAt());
                }
            };
        }
    }

    @Breaks("SC-12")
    static class StartsJobsWithoutTheirData extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                List<TypeView> typesOf(ClusterSnapshot snapshot, FormationView formation) {
                    return super.typesOf(snapshot, formation).stream()
                            .map(type -> new TypeView(type.type(), type.count(), type.omni(), type.tags()))
                            .toList();
                }
            };
        }
    }

    @Breaks("SC-12")
    static class DoesNotWaitForTheDataOfAJobThatIsStopping extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean waitsFor(VolumeView volume) {
                    return false;
                }
            };
        }
    }

    @Breaks({"SC-13", "SC-16"})
    static class FillsHostsBeyondWhatTheyHave extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean hasRoom(Draft draft, HostView host, TypeView type) {
                    return true;
                }
            };
        }
    }

    @Breaks("SC-13")
    static class GivesAwayTheRoomOfJobsThatStop extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                Map<String, Capacity> reserved(ClusterSnapshot snapshot, List<JobId> stopped) {
                    List<JobView> staying = snapshot.jobs().stream()
                            .filter(job -> job.state() != JobState.STOPPING && !stopped.contains(job.id()))
                            .toList();
                    return ModelCluster.reserved(
                            new ClusterSnapshot(snapshot.now(), snapshot.hosts(), snapshot.formations(), staying));
                }
            };
        }
    }

    @Breaks("SC-14")
    static class KnowsNoPriorities extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                int rank(TypeView type) {
                    return 0;
                }
            };
        }
    }

    @Breaks("SC-15")
    static class KnowsNoAntiAffinity extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                boolean sharesAPlace(HostView host, TypeView type, List<String> placed, List<HostView> hosts) {
                    return false;
                }
            };
        }
    }

    @Breaks("SC-16")
    static class SeesOnlyTheJobsThatItIsToldOf extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                Map<String, Capacity> reserved(ClusterSnapshot snapshot, List<JobId> stopped) {
                    return ModelCluster.reserved(new ClusterSnapshot(
                            snapshot.now(),
                            snapshot.hosts().stream()
                                    .map(host -> new HostView(
                                            host.id(), host.tags(), true, host.capacity(), ClusterSnapshot.Load.NONE))
                                    .toList(),
                            snapshot.formations(),
                            snapshot.jobs()));
                }
            };
        }
    }

    @Breaks("SC-17")
    static class SaysThatItPacksAndSpreads extends SchedulerTck {
        @Override
        protected Scheduler newScheduler() {
            return new ReferenceScheduler() {
                @Override
                public Set<SchedulerCapability> capabilities() {
                    return Set.of(SchedulerCapability.PACKS);
                }
            };
        }
    }
}
