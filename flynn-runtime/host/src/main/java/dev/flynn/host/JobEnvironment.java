package dev.flynn.host;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.release.Artifact;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a host adds to the environment of its jobs (contract: controller, What a job sees).
 *
 * @param variables what the environment of every job begins with
 * @param builtinVariables what that of the platform's own jobs has beside them
 */
record JobEnvironment(String listenIp, Map<String, String> variables, Map<String, String> builtinVariables) {

    private static final String ALL_ADDRESSES = "0.0.0.0";
    private static final int MAX_HOSTNAME = 64;
    private static final List<String> SERVICE_META =
            List.of("FLYNN_APP_ID", "FLYNN_APP_NAME", "FLYNN_RELEASE_ID", "FLYNN_PROCESS_TYPE", "FLYNN_JOB_ID");

    JobEnvironment {
        variables = Map.copyOf(variables);
        builtinVariables = Map.copyOf(builtinVariables);
    }

    /**
     * @param spec with its ports assigned
     * @param ownAddress whether the job has a network of its own; then its backend adds {@code EXTERNAL_IP}
     */
    Map<String, String> of(JobSpec spec, boolean ownAddress) {
        boolean builtin = spec.image().type().equals(Artifact.BUILTIN);
        Map<String, String> env = new HashMap<>(variables);
        if (builtin) {
            env.putAll(builtinVariables);
        }
        env.put("LISTEN_IP", ownAddress ? ALL_ADDRESSES : listenIp);
        env.putAll(spec.env());
        for (int i = 0; i < spec.ports().size(); i++) {
            String port = String.valueOf(spec.ports().get(i).port());
            env.put("PORT_" + i, port);
            if (i == 0) {
                env.put("PORT", port);
            }
        }
        if (!ownAddress) {
            env.put("EXTERNAL_IP", listenIp);
        }
        String hostname = spec.id().uuid();
        env.put("HOSTNAME", hostname.substring(0, Math.min(hostname.length(), MAX_HOSTNAME)));
        return env;
    }

    /** What discovery is told of an instance. */
    static Map<String, String> serviceMeta(Map<String, String> env) {
        Map<String, String> meta = new HashMap<>(env);
        meta.keySet().retainAll(SERVICE_META);
        return meta;
    }
}
