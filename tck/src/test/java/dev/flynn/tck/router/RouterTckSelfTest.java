package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.Router;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong router fails it, by the number of what is wrong. */
class RouterTckSelfTest {

    static Stream<Class<?>> wrongRouters() {
        return Arrays.stream(RouterTckSelfTest.class.getDeclaredClasses())
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
            return openWrong(new RouterSetup(
                    setup.directory(), setup.cookieKey(), setup.defaultCertificate(), Duration.ofMillis(100)));
        }

        abstract Router openWrong(RouterSetup setup);
    }

    /** What the routers collect that do not stream. */
    private static final class Collected extends ByteArrayOutputStream {
        @Override
        public synchronized void write(byte[] bytes, int start, int length) {
            if (count + length > 1 << 21) {
                throw new UncheckedIOException(new IOException("too much to collect"));
            }
            super.write(bytes, start, length);
        }
    }

    @Breaks("RT-1")
    static class RemovesTheOldTableFirst extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                public ApplyResult apply(RouteTable next) {
                    table = RouteTable.EMPTY;
                    CompletableFuture.runAsync(() -> {}, CompletableFuture.delayedExecutor(50, TimeUnit.MILLISECONDS))
                            .join();
                    return super.apply(next);
                }
            };
        }
    }

    @Breaks("RT-1")
    static class AppliesATableSomeTimeLater extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                public ApplyResult apply(RouteTable next) {
                    CompletableFuture.runAsync(
                            () -> super.apply(next), CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
                    return ApplyResult.OK;
                }
            };
        }
    }

    @Breaks("RT-2")
    static class BeginsAnewWithEachTable extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                public ApplyResult apply(RouteTable next) {
                    ApplyResult result = super.apply(next);
                    closeClients();
                    return result;
                }
            };
        }
    }

    @Breaks("RT-3")
    static class DialsOnlyOnce extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                int maxDials() {
                    return 1;
                }
            };
        }
    }

    @Breaks("RT-3")
    static class RepeatsElsewhereWhatABackendHasSeen extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                boolean isRepeated() {
                    return true;
                }
            };
        }
    }

    @Breaks("RT-4")
    static class HasAKeyOfItsOwn extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                byte[] key(RouterSetup of) {
                    return Integer.toString(System.identityHashCode(this)).getBytes(UTF_8);
                }
            };
        }
    }

    @Breaks("RT-4")
    static class TellsTheAddressInTheCookie extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                String cookie(String addr) {
                    return addr;
                }
            };
        }
    }

    @Breaks("RT-5")
    static class PrefersWildcards extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                List<String> domains(String host) {
                    List<String> domains = new ArrayList<>(super.domains(host));
                    Collections.rotate(domains, -1);
                    return domains;
                }
            };
        }
    }

    @Breaks("RT-5")
    static class ComparesPathsByLetters extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                boolean covers(String routed, String path) {
                    return path.startsWith(routed.substring(0, routed.length() - 1));
                }
            };
        }
    }

    @Breaks("RT-5")
    static class ForgetsThatAWildcardMatchesItsDomain extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                List<String> domains(String host) {
                    List<String> domains = new ArrayList<>(super.domains(host));
                    domains.remove("*." + host);
                    return domains;
                }
            };
        }
    }

    @Breaks("RT-6")
    static class BlamesTheGateway extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                int statusOfNobody() {
                    return 502;
                }
            };
        }
    }

    @Breaks("RT-6")
    static class IgnoresWhoLeads extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                List<Backend> backends(RouteTable of, HttpRoute route) {
                    return super.backends(
                            of, HttpRoute.to(route.domain(), route.service()).build());
                }
            };
        }
    }

    @Breaks("RT-7")
    static class ClosesAtOnce extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                Duration grace(RouterSetup of) {
                    return Duration.ZERO;
                }
            };
        }
    }

    @Breaks("RT-8")
    static class TakesWhatItCannotServe extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                public ApplyResult apply(RouteTable next) {
                    table = next;
                    return ApplyResult.OK;
                }
            };
        }
    }

    @Breaks("RT-11")
    static class UpgradesOnlyByOneSpelling extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                boolean wantsUpgrade(HttpMessage request) {
                    return request.field("Connection").equals(Optional.of("Upgrade"));
                }
            };
        }
    }

    @Breaks("RT-11")
    static class PassesOnWhatNobodyOffered extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                boolean wantsUpgrade(HttpMessage request) {
                    return request.field("Upgrade").isPresent();
                }
            };
        }
    }

    @Breaks("RT-28")
    static class TidiesUpTargets extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                String target(String sent) {
                    return sent.replaceAll("//+", "/").toLowerCase(Locale.ROOT);
                }
            };
        }
    }

    @Breaks("RT-28")
    static class ForgetsTheProxiesBefore extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                String forwardedFor(Optional<String> sent, String client) {
                    return client;
                }
            };
        }
    }

    @Breaks("RT-29")
    static class CollectsResponses extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                void copyResponse(InputStream in, OutputStream out, long length) throws IOException {
                    var whole = new Collected();
                    super.copyResponse(in, whole, length);
                    out.write(whole.toByteArray());
                    out.flush();
                }
            };
        }
    }

    @Breaks("RT-29")
    static class CollectsRequests extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                void copyRequest(InputStream in, OutputStream out, long length) throws IOException {
                    var whole = new Collected();
                    super.copyRequest(in, whole, length);
                    out.write(whole.toByteArray());
                    out.flush();
                }
            };
        }
    }

    @Breaks("RT-29")
    static class GoesOnWithoutItsClient extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                boolean endsWithItsClient() {
                    return false;
                }
            };
        }
    }

    @Breaks("RT-30")
    static class EndsBothDirectionsAtOnce extends WrongKit {
        @Override
        Router openWrong(RouterSetup setup) {
            return new ReferenceRouter(setup) {
                @Override
                void copyRequest(InputStream in, OutputStream out, long length) throws IOException {
                    super.copyRequest(in, out, length);
                    if (length == -1) {
                        closeClients();
                    }
                }
            };
        }
    }
}
