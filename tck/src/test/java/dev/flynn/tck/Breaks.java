package dev.flynn.tck;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** On a kit that runs against a wrong implementation: the promises that it breaks, and so the tests that must fail. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Breaks {

    String[] value();
}
