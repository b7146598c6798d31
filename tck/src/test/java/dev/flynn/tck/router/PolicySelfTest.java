package dev.flynn.tck.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.Router;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Routers that leave one policy out fail the kit by its number. */
class PolicySelfTest {

    static Stream<Class<?>> wrongRouters() {
        return Arrays.stream(PolicySelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongRouters")
    void rejects(Class<?> wrongRouter) {
        String[] broken = wrongRouter.getAnnotation(Breaks.class).value();
        assertThat(KitRun.brokenPromises(wrongRouter, List.of(broken))).contains(broken);
    }

    /** Waits less than the kit does with a right router. */
    abstract static class WrongKit extends RouterTck {
        @Override
        protected Duration patience() {
            return Duration.ofSeconds(2);
        }

        @Override
        protected final Router openRouter(RouterSetup setup) {
            return new ReferenceRouter(
                    new RouterSetup(
                            setup.directory(), setup.cookieKey(), setup.defaultCertificate(), Duration.ofMillis(100)),
                    policies());
        }

        abstract ReferencePolicies policies();
    }

    @Breaks("RT-16")
    static class SharesEvenly extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                private int turn;

                @Override
                synchronized String service(HttpRoute route, Predicate<String> hasBackend) {
                    return route.targets().get(turn++ % route.targets().size()).service();
                }
            };
        }
    }

    @Breaks("RT-17")
    static class ChangesNoFields extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                List<String> edited(HeaderRules rules, List<String> fields) {
                    return fields;
                }
            };
        }
    }

    @Breaks("RT-17")
    static class AddsBesideWhatIsThere extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                List<String> edited(HeaderRules rules, List<String> fields) {
                    Stream<String> set =
                            rules.set().entrySet().stream().map(field -> field.getKey() + ": " + field.getValue());
                    return Stream.concat(super.edited(new HeaderRules(Map.of(), rules.remove()), fields).stream(), set)
                            .toList();
                }
            };
        }
    }

    @Breaks("RT-19")
    static class GoesOnServing extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> maintenance(RoutePolicy policy) {
                    return Optional.empty();
                }
            };
        }
    }

    @Breaks("RT-20")
    static class TakesAnyBody extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> body(RoutePolicy policy, HttpMessage request) {
                    return Optional.empty();
                }
            };
        }
    }

    @Breaks("RT-20")
    static class TrustsChunks extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> body(RoutePolicy policy, HttpMessage request) {
                    return request.field("Transfer-Encoding").isPresent()
                            ? Optional.empty()
                            : super.body(policy, request);
                }
            };
        }
    }

    @Breaks("RT-21")
    static class LetsEverybodyIn extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                boolean enter(HttpRoute route) {
                    return true;
                }
            };
        }
    }

    @Breaks("RT-22")
    static class CountsAllClientsTogether extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> rate(RateLimit limit, String whose) {
                    return super.rate(limit, whose.split(" ", -1)[0]);
                }
            };
        }
    }

    @Breaks("RT-22")
    static class CountsNothing extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> rate(RateLimit limit, String whose) {
                    return Optional.empty();
                }
            };
        }
    }

    @Breaks("RT-23")
    static class BelievesAnyPassword extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                Optional<Refusal> auth(Auth auth, HttpMessage request) {
                    return request.field("Authorization").isPresent() ? Optional.empty() : super.auth(auth, request);
                }
            };
        }
    }

    @Breaks("RT-26")
    static class WaitsForResponsesForEver extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                int responseMillis(RoutePolicy policy) {
                    return 0;
                }
            };
        }
    }

    @Breaks("RT-26")
    static class DialsWithItsOwnPatience extends WrongKit {
        @Override
        ReferencePolicies policies() {
            return new ReferencePolicies() {
                @Override
                int dialMillis(RoutePolicy policy) {
                    return super.dialMillis(RoutePolicy.NONE);
                }
            };
        }
    }
}
