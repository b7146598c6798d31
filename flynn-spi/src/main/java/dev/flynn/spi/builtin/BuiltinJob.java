package dev.flynn.spi.builtin;

import dev.flynn.api.host.JobSpec;
import java.io.PrintStream;
import java.util.Map;
import org.apiguardian.api.API;

/** What a {@link BuiltinProgram} is told about the job that it runs. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface BuiltinJob {

    /** The job with its ports assigned. */
    JobSpec spec();

    /** The complete environment, that of the host and of the ports included. */
    Map<String, String> env();

    /** Standard output; lines become the app's log. */
    PrintStream out();

    PrintStream err();

    /** Ends the job with exit status 1 and this reason on its standard error, from any thread. */
    void fail(Throwable reason);
}
