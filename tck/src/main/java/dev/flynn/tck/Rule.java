package dev.flynn.tck;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.apiguardian.api.API;
import org.junit.jupiter.api.Test;

/**
 * A test of one numbered promise of an SPI. A failure names the promise that broke; its text stands in the Javadoc of the
 * SPI's interface.
 *
 * <pre>{@code
 * @Rule("CS-5")
 * void aWatchMissesNothing() { … }
 * }</pre>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Test
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Rule {

    /** The numbers of the promises, as the SPI's Javadoc has them: {@code CS-5}. */
    String[] value();
}
