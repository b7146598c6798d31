package dev.flynn.tck.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong provider fails it, by the number of what is wrong. */
class ResourceProviderTckSelfTest {

    static Stream<Class<?>> wrongProviders() {
        return Arrays.stream(ResourceProviderTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongProviders")
    void rejects(Class<?> wrongProvider) {
        String[] broken = wrongProvider.getAnnotation(Breaks.class).value();
        assertThat(KitRun.brokenPromises(wrongProvider, List.of(broken))).contains(broken);
    }

    @Breaks("RP-1")
    static class AnswersBeforeTheUserIsThere extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    Provisioned resource = super.provision(request);
                    service.dropUser(name(request));
                    return resource;
                }
            };
        }
    }

    @Breaks("RP-1")
    static class LeavesHalfAResource extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                void undo(String name) {}
            };
        }
    }

    @Breaks("RP-2")
    static class CreatesASecondOne extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    return super.provision(new ResourceRequest(UUID.randomUUID().toString(), request.config()));
                }
            };
        }
    }

    @Breaks("RP-2")
    static class RemembersRequestsUntilItIsClosed extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {

                private final Map<String, Provisioned> known = new HashMap<>();

                @Override
                public synchronized Provisioned provision(ResourceRequest request) {
                    return known.computeIfAbsent(
                            request.id(),
                            id -> super.provision(
                                    new ResourceRequest(UUID.randomUUID().toString(), request.config())));
                }
            };
        }
    }

    @Breaks("RP-2")
    static class ChangesThePassword extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                String password(ResourceRequest request) {
                    String password = UUID.randomUUID().toString();
                    service.dropUser(name(request));
                    return password;
                }
            };
        }
    }

    @Breaks("RP-2")
    static class StartsWithAnEmptyStore extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    service.dropStore(name(request));
                    return super.provision(request);
                }
            };
        }
    }

    @Breaks("RP-3")
    static class HasOnePasswordForAll extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                String password(ResourceRequest request) {
                    return "always-the-same";
                }
            };
        }
    }

    @Breaks("RP-3")
    static class GivesEverybodyOneStore extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    return super.provision(ResourceRequest.withDefaults("one"));
                }
            };
        }
    }

    @Breaks("RP-4")
    static class KeepsTheData extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                void drop(String name) {
                    service.dropUser(name);
                }
            };
        }
    }

    @Breaks("RP-4")
    static class DeletesAllThereIs extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                void drop(String name) {
                    List.copyOf(service.passwords.keySet()).forEach(super::drop);
                }
            };
        }
    }

    @Breaks("RP-4")
    static class LetsOpenConnectionsWork extends ReferenceProviderKit {

        @Override
        protected ResourceClient connect(Map<String, String> env) {
            ResourceClient inner = super.connect(env);
            return new ResourceClient() {
                @Override
                public void write(String value) throws Exception {
                    if (!service.existing().isEmpty()) {
                        service.stores.put(env.get("STORE"), java.util.Optional.of(value));
                    }
                }

                @Override
                public java.util.Optional<String> read() throws Exception {
                    return inner.read();
                }

                @Override
                public void close() {}
            };
        }
    }

    @Breaks("RP-5")
    static class MindsWhatIsGone extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public void deprovision(String externalId) {
                    if (service.existing().stream().noneMatch(name -> externalId.endsWith(name.split(" ")[1]))) {
                        throw FlynnException.notFound("store", externalId);
                    }
                    super.deprovision(externalId);
                }
            };
        }
    }

    @Breaks("RP-5")
    static class TakesAnIdForABeginning extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                void drop(String name) {
                    service.existing().stream()
                            .map(each -> each.split(" ")[1])
                            .filter(each -> each.startsWith(name))
                            .forEach(super::drop);
                }
            };
        }
    }

    @Breaks("RP-6")
    static class IgnoresUnknownSettings extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    return super.provision(ResourceRequest.withDefaults(request.id()));
                }
            };
        }
    }

    @Breaks("RP-6")
    static class DoesNotNameTheSetting extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    if (!request.config().isEmpty()) {
                        throw FlynnException.invalid("wrong settings");
                    }
                    return super.provision(request);
                }
            };
        }
    }

    @Breaks("RP-7")
    static class LogsWhatItGives extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    Provisioned resource = super.provision(request);
                    System.err.println("created " + resource.env());
                    return resource;
                }
            };
        }
    }

    @Breaks("RP-7")
    static class ShowsSettingsInItsMessage extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public Provisioned provision(ResourceRequest request) {
                    try {
                        return super.provision(request);
                    } catch (FlynnException e) {
                        throw new FlynnException(e.code(), "wrong settings " + request.config(), e);
                    }
                }
            };
        }
    }

    @Breaks("RP-7")
    static class HasThePasswordInTheId extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                String password(ResourceRequest request) {
                    return name(request);
                }
            };
        }
    }

    @Breaks("RP-8")
    static class AnswersWithWhatOthersAsked extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {

                private volatile ResourceRequest asked = ResourceRequest.withDefaults("nobody");

                @Override
                public Provisioned provision(ResourceRequest request) {
                    asked = request;
                    pause();
                    return super.provision(asked);
                }
            };
        }
    }

    /** Long enough for another thread to come in between, which is the defect. */
    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Breaks("RP-9")
    static class CleansUpWhenItIsClosed extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {

                private final List<String> own = new ArrayList<>();

                @Override
                public Provisioned provision(ResourceRequest request) {
                    synchronized (own) {
                        own.add(name(request));
                    }
                    return super.provision(request);
                }

                @Override
                public void close() {
                    own.forEach(this::drop);
                }
            };
        }
    }

    @Breaks("RP-10")
    static class IsAlwaysWell extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public void ping() {}
            };
        }
    }

    @Breaks("RP-10")
    static class TakesAServiceThatIsAwayForADefect extends ReferenceProviderKit {
        @Override
        ResourceProvider create() {
            return new ReferenceProvider(service) {
                @Override
                public void deprovision(String externalId) {
                    if (service.away) {
                        throw FlynnException.internal("something is wrong", null);
                    }
                    super.deprovision(externalId);
                }
            };
        }
    }
}
