package dev.flynn.acme;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeServerException;

/** What an authority says, in its own words. */
final class Problems {

    private static final int LONGEST = 2000;

    private Problems() {}

    /** The kind and the details (RFC 7807), and those of its parts. */
    static String text(Problem problem) {
        String text = Stream.concat(
                        Stream.of(problem.getType() + ": "
                                + problem.getDetail().or(problem::getTitle).orElse("")),
                        problem.getSubProblems().stream().map(Problems::text))
                .collect(Collectors.joining("; "));
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
    }

    static String text(AcmeException failure) {
        if (failure instanceof AcmeServerException refused) {
            return text(refused.getProblem());
        }
        Throwable cause = failure.getCause();
        return cause == null ? String.valueOf(failure.getMessage()) : failure.getMessage() + " (" + cause + ")";
    }

    /** Whether the authority gave this kind of reason (RFC 8555, section 6.7). */
    static boolean is(AcmeException failure, String kind) {
        return failure instanceof AcmeServerException refused
                && refused.getType().toString().equals("urn:ietf:params:acme:error:" + kind);
    }
}
