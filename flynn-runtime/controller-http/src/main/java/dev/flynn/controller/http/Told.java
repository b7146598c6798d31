package dev.flynn.controller.http;

import dev.flynn.json.ErrorBody;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What the API's description tells of an endpoint's method beside what its signature says. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Told {

    /** What it does, in one sentence. */
    String value();

    /** The type of the JSON that it answers, or of its elements, where the method's own result does not say it; or several. */
    Class<?>[] answer() default {};

    /** The types of the JSON that it answers when it fails. */
    Class<?>[] failure() default ErrorBody.class;

    /** Whether the answer is a list of that type. */
    boolean list() default false;

    /** The type of the JSON body, where no parameter has it. */
    Class<?> body() default Void.class;

    /** The media type of its body, where that is no JSON. */
    String takes() default "";

    /** What it answers beside JSON, or instead of it. */
    String[] media() default {};
}
