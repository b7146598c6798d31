package dev.flynn.discovery;

/**
 * Where a service's facts are in the store: all under one prefix, so that one watch sees them in order.
 *
 * @param service a valid name, which has no slash
 */
record ServiceKeys(String service) {

    static final String ROOT = "discovery/";

    /** Written only to see how far the watch of services has come; the name is none that a service can have. */
    static final String MARKS = ROOT + "_marks/";

    /** The processes that take heartbeats, each with its lease; not below the root, so that renewals wake no watch. */
    static final String MEMBERS = "discovery-members/";

    /** Which of them removes what those that are gone left behind. */
    static final String SWEEPER = "discovery-sweeper";

    private static final String SERVICE = "service";
    private static final String INSTANCES = "instances/";

    String prefix() {
        return ROOT + service + "/";
    }

    /** How its leader is found; there while the service exists. */
    String configuration() {
        return prefix() + SERVICE;
    }

    String instances() {
        return prefix() + INSTANCES;
    }

    String instance(String id) {
        return instances() + id;
    }

    /** The id of the instance that was set to lead. */
    String leader() {
        return prefix() + "leader";
    }

    String meta() {
        return prefix() + "meta";
    }

    /** The service that a key belongs to. */
    static ServiceKeys ofKey(String key) {
        return new ServiceKeys(key.substring(ROOT.length(), key.indexOf('/', ROOT.length())));
    }

    /** Whether a key tells of no service. */
    static boolean isMark(String key) {
        return key.startsWith(MARKS);
    }

    static boolean isConfiguration(String key) {
        return key.equals(ofKey(key).configuration());
    }

    static boolean isInstance(String key) {
        return key.startsWith(ofKey(key).instances());
    }
}
