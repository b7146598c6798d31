package dev.flynn.tck;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs a kit inside a test and tells which promises failed. */
public final class KitRun {

    private KitRun() {}

    /** Runs the tests of some promises; the numbers of those that have a failed test, and of what else the test is about. */
    public static Set<String> brokenPromises(Class<?> kit, Collection<String> promises) {
        DiscoverySelector[] tests = methodsOf(kit)
                .filter(method -> method.isAnnotationPresent(Rule.class))
                .filter(method ->
                        Arrays.stream(method.getAnnotation(Rule.class).value()).anyMatch(promises::contains))
                .map(method -> selectMethod(kit, method))
                .toArray(DiscoverySelector[]::new);
        return EngineTestKit.engine("junit-jupiter").selectors(tests).execute().testEvents().failed().stream()
                .map(event -> event.getTestDescriptor().getSource().orElseThrow())
                .map(source -> ((MethodSource) source).getJavaMethod().getAnnotation(Rule.class))
                .flatMap(rule -> Arrays.stream(rule.value()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Its own and those that it inherits. */
    static Stream<Method> methodsOf(Class<?> kit) {
        return Stream.<Class<?>>iterate(kit, type -> type != Object.class, Class::getSuperclass)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()));
    }
}
