package dev.flynn.tck.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong discovery fails it, by the number of what is wrong. */
class DiscoveryTckSelfTest {

    static Stream<Class<?>> wrongDiscoveries() {
        return Arrays.stream(DiscoveryTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongDiscoveries")
    void rejects(Class<?> wrongDiscovery) {
        List<String> broken = List.of(wrongDiscovery.getAnnotation(Breaks.class).value());
        assertThat(KitRun.brokenPromises(wrongDiscovery, broken)).containsAll(broken);
    }

    abstract static class Kit extends DiscoveryTck {

        private ReferenceDiscovery discovery;

        abstract ReferenceDiscovery wrong(Path directory);

        @Override
        protected Discovery openDiscovery(Path dataDirectory) {
            discovery = wrong(dataDirectory);
            return discovery;
        }

        @Override
        protected void advance(Duration time) {
            discovery.advance(time);
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(300);
        }
    }

    @Breaks("DI-1")
    static class AcceptsAnyName extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                void requireValid(String service) {}
            };
        }
    }

    @Breaks("DI-2")
    static class RegistersLater extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                private List<Instance> before = List.of();

                @Override
                public synchronized Instance register(String service, Instance instance) {
                    before = super.instances(service);
                    return super.register(service, instance);
                }

                @Override
                public synchronized List<Instance> instances(String service) {
                    return before;
                }
            };
        }
    }

    @Breaks("DI-3")
    static class GivesANewIndexEachTime extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                long indexOf(Instance before) {
                    return ++disk.index;
                }
            };
        }
    }

    @Breaks("DI-3")
    static class TellsEveryHeartbeat extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                boolean tellsHeartbeats() {
                    return true;
                }
            };
        }
    }

    @Breaks("DI-4")
    static class ExpiresTooSoon extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                Duration lifetime() {
                    return ttl().dividedBy(2);
                }
            };
        }
    }

    @Breaks("DI-4")
    static class NeverExpires extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                Duration lifetime() {
                    return ttl().multipliedBy(100);
                }
            };
        }
    }

    @Breaks("DI-5")
    static class GivesNoTimeAfterARestart extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                Duration nothingBefore() {
                    return Duration.ZERO;
                }
            };
        }
    }

    @Breaks("DI-6")
    static class LetsTheYoungestLead extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                Optional<Instance> oldest(List<Instance> byIndex) {
                    return byIndex.stream().reduce((one, other) -> other);
                }
            };
        }
    }

    @Breaks("DI-7")
    static class ElectsInManualServicesToo extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                public synchronized void createService(String service, LeaderType leaderType) {
                    super.createService(service, LeaderType.OLDEST);
                }
            };
        }
    }

    @Breaks("DI-8")
    static class OverwritesMetadata extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                void requireIndex(long current, long given) {}
            };
        }
    }

    @Breaks("DI-9")
    static class LosesEveryThirdEvent extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                private int told;

                @Override
                void tell(DiscoveryEvent event) {
                    if (++told % 3 != 0) {
                        super.tell(event);
                    }
                }
            };
        }
    }

    @Breaks("DI-10")
    static class RefusesToWatchTheUnknown extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                void requireWatchable(String service) {
                    if (!services().contains(service)) {
                        throw FlynnException.notFound("service", service);
                    }
                }
            };
        }
    }

    @Breaks("DI-11")
    static class RemovesInSilence extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                public synchronized void removeService(String service) {
                    if (disk.services.remove(service) == null) {
                        throw FlynnException.notFound("service", service);
                    }
                }
            };
        }
    }

    @Breaks("DI-12")
    static class NeverSaysThatThisWasEverything extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                void tellAllIsTold(DiscoveryWatcher watcher) {}
            };
        }
    }

    @Breaks("DI-14")
    static class SetsTheLeaderWhateverTheMetadata extends Kit {
        @Override
        ReferenceDiscovery wrong(Path directory) {
            return new ReferenceDiscovery(directory) {
                @Override
                public synchronized ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
                    setLeader(service, instanceId);
                    return setMeta(service, meta);
                }
            };
        }
    }
}
