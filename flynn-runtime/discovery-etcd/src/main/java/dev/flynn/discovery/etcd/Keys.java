package dev.flynn.discovery.etcd;

/** Where in etcd the facts of discovery are. */
record Keys(String prefix) {

    private static final String INSTANCES = "/instances/";

    /** The names of all services, each with the way its leader is found. */
    String services() {
        return prefix + "services/";
    }

    String service(String service) {
        return services() + service;
    }

    /** Everything else, by service. */
    String facts() {
        return prefix + "facts/";
    }

    String facts(String service) {
        return facts() + service + "/";
    }

    String leaderType(String service) {
        return facts() + service + "/type";
    }

    String leader(String service) {
        return facts() + service + "/leader";
    }

    String meta(String service) {
        return facts() + service + "/meta";
    }

    String instances(String service) {
        return facts() + service + INSTANCES;
    }

    String instance(String service, String id) {
        return instances(service) + id;
    }

    boolean isInstance(String key) {
        return key.contains(INSTANCES);
    }

    /** The service that a fact is about. */
    String serviceOf(String fact) {
        return fact.substring(facts().length(), fact.indexOf('/', facts().length()));
    }
}
