package dev.flynn.tck.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong backend fails it, by the number of what is wrong. */
class ContainerBackendTckSelfTest {

    static Stream<Class<?>> wrongBackends() {
        return Arrays.stream(ContainerBackendTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongBackends")
    void rejects(Class<?> wrongBackend) {
        List<String> broken = List.of(wrongBackend.getAnnotation(Breaks.class).value());

        assertThat(KitRun.brokenPromises(wrongBackend, broken)).containsExactlyElementsOf(broken);
    }

    abstract static class Kit extends ContainerBackendTck {

        abstract ReferenceBackend wrong(Path directory);

        @Override
        protected ContainerBackend openBackend(Path dataDirectory) {
            return wrong(dataDirectory);
        }

        @Override
        protected Optional<JobSpec.Image> shellImage() {
            return Optional.of(ReferenceBackend.SHELL);
        }

        @Override
        protected JobSpec impossibleJob() {
            return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("host", "host:nothing"), List.of("true"));
        }

        @Override
        protected Duration patience() {
            return Duration.ofSeconds(4);
        }
    }

    @Breaks("CB-1")
    static class StartsAgainWhatIsDown extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                public JobStatus start(JobSpec spec) {
                    forget(spec.id());
                    return super.start(spec);
                }
            };
        }
    }

    @Breaks("CB-2")
    static class TakesSignalsForStatuses extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                JobStatus ended(JobStatus running, int signal, int exit) {
                    return super.ended(running, 0, signal > 0 ? 128 + signal : exit);
                }
            };
        }
    }

    @Breaks("CB-2")
    static class TakesStatusesForSignals extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                JobStatus ended(JobStatus running, int signal, int exit) {
                    return super.ended(running, exit > 128 ? exit - 128 : signal, exit);
                }
            };
        }
    }

    @Breaks("CB-3")
    static class LosesLastLines extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void output(JobId job, OutputStreamKind stream, byte[] bytes) {
                    int end = bytes.length;
                    while (end > 0 && bytes[end - 1] != '\n') {
                        end--;
                    }
                    super.output(job, stream, Arrays.copyOf(bytes, end));
                }
            };
        }
    }

    @Breaks("CB-3")
    static class MixesStreams extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void output(JobId job, OutputStreamKind stream, byte[] bytes) {
                    super.output(job, OutputStreamKind.STDOUT, bytes);
                }
            };
        }
    }

    @Breaks("CB-4")
    static class KillsAtOnce extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                int firstSignal(Duration grace) {
                    return 9;
                }
            };
        }
    }

    @Breaks("CB-4")
    static class NeverKills extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                public void stop(JobId id, Duration grace) {
                    super.stop(id, grace.isZero() ? grace : Duration.ofHours(1));
                }
            };
        }
    }

    @Breaks("CB-5")
    static class RepeatsStates extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void tell(JobStatus status) {
                    super.tell(status);
                    if (status.state() == JobStatus.State.RUNNING) {
                        super.tell(status);
                    }
                }
            };
        }
    }

    @Breaks("CB-5")
    static class CallsForBothStreamsAtOnce extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                Object deliveryLock(Object ofTheJob, OutputStreamKind stream) {
                    return stream;
                }
            };
        }
    }

    @Breaks("CB-6")
    static class ClaimsToSurvive extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.SURVIVES_RESTART);
        }
    }

    @Breaks("CB-7")
    static class TakesSizesForWhatIsNoTerminal extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                public void resize(JobId id, TerminalSize size) {}
            };
        }
    }

    @Breaks("CB-8")
    static class LeavesDaemons extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void endOthers(JobId id) {
                    new Thread(() -> {
                                try {
                                    Thread.sleep(6_000);
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                                endMarked(id);
                            })
                            .start();
                }
            };
        }
    }

    @Breaks("CB-9")
    static class GivesNoReason extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                JobStatus impossible(JobStatus starting) {
                    return starting.exited(1, Clock.systemUTC().instant());
                }
            };
        }
    }

    @Breaks("CB-10")
    static class LeaksItsEnvironment extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                Map<String, String> environment(JobSpec spec) {
                    Map<String, String> environment = new HashMap<>(Map.of("JAVA_HOME", "/usr/lib/jvm"));
                    environment.putAll(super.environment(spec));
                    return environment;
                }
            };
        }
    }

    @Breaks("CB-10")
    static class TrimsValues extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                Map<String, String> environment(JobSpec spec) {
                    Map<String, String> environment = super.environment(spec);
                    environment.replaceAll((name, value) -> value.replaceAll("\\s+", " "));
                    return environment;
                }
            };
        }
    }

    @Breaks("CB-11")
    static class LeavesInputOpen extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                boolean closesStdin(JobSpec spec) {
                    return false;
                }
            };
        }
    }

    @Breaks("CB-12")
    static class ClaimsTerminals extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.TTY);
        }
    }

    @Breaks("CB-13")
    static class ClaimsLimits extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.LIMIT_MAX_FD);
        }
    }

    @Breaks("CB-13")
    static class ClaimsLimitsOfTheDisk extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.LIMIT_TEMP_DISK);
        }
    }

    @Breaks("CB-13")
    static class ClaimsLimitsOfProcesses extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.LIMIT_MAX_PROCS);
        }
    }

    @Breaks("CB-14")
    static class RunsCommandsBesideTheJob extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                Map<String, String> commandEnvironment(JobSpec spec) {
                    return Map.of("PATH", "/usr/local/bin:/usr/bin:/bin");
                }
            };
        }
    }

    @Breaks("CB-14")
    static class LeavesWhatCommandsStarted extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void endOfCommand(String mark) {}
            };
        }
    }

    @Breaks("CB-15")
    static class ClaimsAddresses extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.OWN_ADDRESS);
        }
    }

    @Breaks("CB-16")
    static class TakesMountsAndForgetsThem extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.MOUNTS);
        }
    }

    @Breaks("CB-17")
    static class ClaimsIsolation extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.ISOLATION);
        }
    }

    @Breaks("CB-18")
    static class ForgetsItsJobsWhenItIsKilled extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return claiming(directory, Capability.SURVIVES_RESTART);
        }
    }

    @Breaks("CB-19")
    static class LeavesFiles extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                @Override
                void tidy(Path result) {}
            };
        }
    }

    @Breaks("CB-20")
    static class LosesWhatIsTooMuch extends Kit {
        @Override
        ReferenceBackend wrong(Path directory) {
            return new ReferenceBackend(directory) {
                private final AtomicInteger calls = new AtomicInteger();

                @Override
                void output(JobId job, OutputStreamKind stream, byte[] bytes) {
                    if (calls.incrementAndGet() % 500 != 0) {
                        super.output(job, stream, bytes);
                    }
                }
            };
        }
    }

    private static ReferenceBackend claiming(Path directory, Capability capability) {
        return new ReferenceBackend(directory) {
            @Override
            public Set<Capability> capabilities() {
                Set<Capability> claimed = EnumSet.of(capability);
                claimed.addAll(super.capabilities());
                return claimed;
            }
        };
    }
}
