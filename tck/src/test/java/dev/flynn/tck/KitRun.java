package dev.flynn.tck;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs a kit inside a test and tells which promises failed. */
public final class KitRun {

    private KitRun() {}

    /** The numbers of the promises that have a failed test. */
    public static Set<String> brokenPromises(Class<?> kit) {
        return EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(kit))
                .execute()
                .testEvents()
                .failed()
                .stream()
                .map(event -> event.getTestDescriptor().getSource().orElseThrow())
                .map(source -> ((MethodSource) source).getJavaMethod().getAnnotation(Rule.class))
                .flatMap(rule -> Arrays.stream(rule.value()))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
