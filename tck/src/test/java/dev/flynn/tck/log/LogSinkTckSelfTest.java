package dev.flynn.tck.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong sink fails it, by the number of what is wrong. */
class LogSinkTckSelfTest {

    static Stream<Class<?>> wrongSinks() {
        return Arrays.stream(LogSinkTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongSinks")
    void rejects(Class<?> wrongSink) {
        String[] broken = wrongSink.getAnnotation(Breaks.class).value();
        assertThat(KitRun.brokenPromises(wrongSink, List.of(broken))).contains(broken);
    }

    @Breaks("LS-1")
    static class WaitsForEachLine extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                public void accept(AppId app, LogMessage message) {
                    super.accept(app, message);
                    if (dropped() > 0) {
                        LockSupport.parkNanos(4_000_000);
                    }
                }
            };
        }
    }

    @Breaks("LS-2")
    static class DeliversTheNewestFirst extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                void deliver() {
                    while (destination.takes() && waiting.size() > 10) {
                        destination.add(waiting.removeLast());
                    }
                }

                @Override
                public synchronized boolean flush(AppId app, Duration patience) {
                    super.deliver();
                    return true;
                }
            };
        }
    }

    @Breaks({"LS-3", "LS-4"})
    static class DropsSilently extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                void report(LogMessage next) {}
            };
        }
    }

    @Breaks("LS-5")
    static class KnowsNoStreams extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                public void accept(AppId app, LogMessage line) {
                    super.accept(
                            app,
                            new LogMessage(
                                    line.hostId(),
                                    line.jobId(),
                                    line.message(),
                                    line.processType(),
                                    "stdout",
                                    line.timestamp()));
                }
            };
        }
    }

    @Breaks("LS-5")
    static class StampsLinesItself extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                public void accept(AppId app, LogMessage line) {
                    super.accept(
                            app,
                            new LogMessage(
                                    line.hostId(),
                                    line.jobId(),
                                    line.message(),
                                    line.processType(),
                                    line.stream(),
                                    Instant.EPOCH));
                }
            };
        }
    }

    @Breaks("LS-6")
    static class KeepsEverything extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                int maxWaiting() {
                    return Integer.MAX_VALUE;
                }
            };
        }
    }

    @Breaks("LS-7")
    static class SaysThatLinesHaveLeft extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                public boolean flush(AppId app, Duration patience) {
                    return true;
                }
            };
        }
    }

    @Breaks("LS-8")
    static class ForgetsWhatWaits extends ReferenceSinkKit {
        @Override
        protected LogSink openSink() {
            return new ReferenceSink(destination) {
                @Override
                void deliver() {
                    if (waiting.size() > 10) {
                        super.deliver();
                    }
                }

                @Override
                public synchronized void close() {
                    waiting.clear();
                }
            };
        }
    }
}
