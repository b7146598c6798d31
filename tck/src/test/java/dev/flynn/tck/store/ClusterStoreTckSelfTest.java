package dev.flynn.tck.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.Transaction;
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

/** The kit is only worth something if a wrong store fails it, by the number of what is wrong. */
class ClusterStoreTckSelfTest {

    static Stream<Class<?>> wrongStores() {
        return Arrays.stream(ClusterStoreTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongStores")
    void rejects(Class<?> wrongStore) {
        List<String> broken = List.of(wrongStore.getAnnotation(Breaks.class).value());
        assertThat(KitRun.brokenPromises(wrongStore, broken)).containsAll(broken);
    }

    abstract static class Kit extends ClusterStoreTck {

        @Override
        protected int historyLimit() {
            return ReferenceStore.HISTORY;
        }

        @Override
        protected Duration patience() {
            return Duration.ofMillis(500);
        }
    }

    @Breaks("CS-1")
    static class ChecksOnlyTheFirstCondition extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                Optional<String> conflict(Transaction transaction) {
                    return super.conflict(transaction)
                            .filter(key -> transaction.conditions().get(0).key().equals(key));
                }
            };
        }
    }

    @Breaks("CS-2")
    static class CommitsTwiceForEach extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                public synchronized CommitResult commit(Transaction transaction) {
                    CommitResult result = super.commit(transaction);
                    super.commit(Transaction.builder().delete("nothing").build());
                    return result;
                }
            };
        }
    }

    @Breaks("CS-3")
    static class ReadsYesterdaysState extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                private StoreSnapshot yesterday = new StoreSnapshot(0, List.of());

                @Override
                public synchronized CommitResult commit(Transaction transaction) {
                    yesterday = super.list("", Consistency.STALE);
                    return super.commit(transaction);
                }

                @Override
                public synchronized Optional<StoreEntry> get(String key, Consistency consistency) {
                    requireOpen();
                    return yesterday.entries().stream()
                            .filter(entry -> entry.key().equals(key))
                            .findFirst();
                }
            };
        }
    }

    @Breaks("CS-4")
    static class ListsWithoutOrder extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                public synchronized StoreSnapshot list(String prefix, Consistency consistency) {
                    StoreSnapshot sorted = super.list(prefix, consistency);
                    return new StoreSnapshot(
                            sorted.revision(),
                            sorted.entries().stream()
                                    .sorted((one, other) -> other.key().compareTo(one.key()))
                                    .toList());
                }
            };
        }
    }

    @Breaks("CS-5")
    static class DropsEveryThirdChange extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                Optional<StoreChange> seenThrough(String prefix, StoreChange change) {
                    return super.seenThrough(prefix, change).filter(kept -> kept.revision() % 3 != 0);
                }
            };
        }
    }

    @Breaks("CS-5")
    static class TellsKeysOfOtherPrefixes extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                Optional<StoreChange> seenThrough(String prefix, StoreChange change) {
                    return Optional.of(change);
                }
            };
        }
    }

    @Breaks("CS-6")
    static class SkipsWhatItForgot extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                boolean forgets(long cursor) {
                    return false;
                }
            };
        }
    }

    @Breaks("CS-7")
    static class NumbersByCountingKeys extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                String nextKey(String prefix) {
                    long present = disk.entries.keySet().stream()
                            .filter(key -> key.startsWith(prefix))
                            .count();
                    return Transaction.sequenceKey(prefix, present + 1);
                }
            };
        }
    }

    @Breaks("CS-8")
    static class DoesItAgain extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                CommitResult remembered(Transaction transaction) {
                    return null;
                }
            };
        }
    }

    @Breaks("CS-9")
    static class ForgetsAtARestart extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(Path.of(directory.toString(), Long.toString(System.nanoTime())));
        }
    }

    @Breaks("CS-10")
    static class WorksOnAfterItsEnd extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                void requireOpen() {}
            };
        }
    }

    @Breaks("CS-10")
    static class EndsForAnotherReason extends Kit {
        @Override
        protected ClusterStore openStore(Path directory) {
            return new ReferenceStore(directory) {
                @Override
                FlynnException closing() {
                    return new FlynnException(ErrorCode.UNKNOWN, "gone");
                }
            };
        }
    }
}
