package dev.flynn.tck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.access.Scope;
import dev.flynn.spi.auth.Principal;
import dev.flynn.tck.Breaks;
import dev.flynn.tck.KitRun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kit is only worth something if a wrong authenticator fails it, by the number of what is wrong. */
class AuthenticatorTckSelfTest {

    static Stream<Class<?>> wrongAuthenticators() {
        return Arrays.stream(AuthenticatorTckSelfTest.class.getDeclaredClasses())
                .filter(kit -> kit.isAnnotationPresent(Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("wrongAuthenticators")
    void rejects(Class<?> wrongAuthenticator) {
        String[] broken = wrongAuthenticator.getAnnotation(Breaks.class).value();
        assertThat(KitRun.brokenPromises(wrongAuthenticator, List.of(broken))).contains(broken);
    }

    /** Remembers the keys themselves. */
    private static class KeepsKeys extends ReferenceAuthenticator {

        final Map<String, Principal> byKey = new HashMap<>();

        @Override
        synchronized String issue(String name, Set<Scope> scopes, Optional<Instant> expiresAt) {
            String key = super.issue(name, scopes, expiresAt);
            byKey.put(key, new Principal(name, scopes));
            return key;
        }
    }

    @Breaks("AU-1")
    static class StopsAtTheFirstDifference extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new KeepsKeys() {
                @Override
                public synchronized Optional<Principal> authenticate(String key) {
                    return byKey.keySet().stream()
                            .filter(known -> sameSlowly(known, key))
                            .findFirst()
                            .map(byKey::get);
                }

                private static boolean sameSlowly(String known, String key) {
                    for (int i = 0; i < known.length(); i++) {
                        byte[] unused = digest(known.substring(i));
                        if (i >= key.length() || known.charAt(i) != key.charAt(i)) {
                            return false;
                        }
                    }
                    return known.length() == key.length();
                }
            };
        }
    }

    @Breaks("AU-2")
    static class LooksAtTheBeginning extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new KeepsKeys() {
                @Override
                public synchronized Optional<Principal> authenticate(String key) {
                    return byKey.keySet().stream()
                            .filter(key::startsWith)
                            .findFirst()
                            .map(byKey::get);
                }
            };
        }
    }

    @Breaks("AU-2")
    static class ThrowsForAnEmptyKey extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {
                @Override
                public synchronized Optional<Principal> authenticate(String key) {
                    if (key.isEmpty()) {
                        throw new IllegalArgumentException("a key is needed");
                    }
                    return super.authenticate(key);
                }
            };
        }
    }

    @Breaks("AU-3")
    static class PrintsWhatIsWrong extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {
                @Override
                public synchronized Optional<Principal> authenticate(String key) {
                    Optional<Principal> found = super.authenticate(key);
                    if (found.isEmpty() && key.length() < 1000) {
                        System.err.println("wrong key " + key);
                    }
                    return found;
                }
            };
        }
    }

    @Breaks("AU-3")
    static class ShowsItsKeys extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new KeepsKeys() {
                @Override
                public String toString() {
                    return byKey.toString();
                }
            };
        }
    }

    @Breaks("AU-4")
    static class MakesEverybodyAdmin extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {
                @Override
                public synchronized Optional<Principal> authenticate(String key) {
                    return super.authenticate(key).map(principal -> Principal.admin(principal.name()));
                }
            };
        }
    }

    @Breaks("AU-5")
    static class ExpiresAnInstantLate extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {
                @Override
                boolean isValid(Holder holder) {
                    return holder.expiresAt().map(end -> !now.isAfter(end)).orElse(true);
                }
            };
        }
    }

    @Breaks("AU-6")
    static class ForgetsToRevoke extends ReferenceAuthenticatorKit {
        @Override
        protected void revoke(String name) {}
    }

    @Breaks("AU-7")
    static class AnswersWithWhatOthersAsked extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {

                private volatile String asked = "";

                @Override
                @SuppressWarnings("UnsynchronizedOverridesSynchronized")
                public Optional<Principal> authenticate(String key) {
                    asked = key;
                    Thread.yield();
                    return super.authenticate(asked);
                }
            };
        }
    }

    @Breaks("AU-8")
    static class IsNeverClosed extends ReferenceAuthenticatorKit {
        @Override
        ReferenceAuthenticator create() {
            return new ReferenceAuthenticator() {

                private final List<String> closed = new ArrayList<>();

                @Override
                public synchronized void close() {
                    closed.add("yes");
                }
            };
        }
    }
}
