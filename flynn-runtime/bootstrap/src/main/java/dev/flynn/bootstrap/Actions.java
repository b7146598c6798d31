package dev.flynn.bootstrap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The actions that a manifest may use, by name. */
final class Actions {

    private static final Map<String, Function<Cluster, Action>> ALL = all();

    private Actions() {}

    private static Map<String, Function<Cluster, Action>> all() {
        Map<String, Function<Cluster, Action>> actions = new LinkedHashMap<>();
        actions.put(RequireEnv.NAME, RequireEnv::new);
        actions.put(OnlineHosts.NAME, OnlineHosts::new);
        actions.put(OnlineHosts.WAIT_HOSTS, OnlineHosts::new);
        actions.put(GenRandom.NAME, GenRandom::new);
        actions.put(GenTlsCert.NAME, GenTlsCert::new);
        actions.put(RunApp.NAME, RunApp::new);
        actions.put(AddApp.NAME, AddApp::new);
        actions.put(DeployApp.NAME, DeployApp::new);
        actions.put(ScaleApp.NAME, ScaleApp::new);
        actions.put(AddRoute.NAME, AddRoute::new);
        actions.put(Wait.NAME, Wait::new);
        actions.put(StatusCheck.NAME, StatusCheck::new);
        actions.put(LogMessage.NAME, LogMessage::new);
        return Map.copyOf(actions);
    }

    static Set<String> names() {
        return ALL.keySet();
    }

    static Map<String, Action> of(Cluster cluster) {
        Map<String, Action> actions = new LinkedHashMap<>();
        ALL.forEach((name, factory) -> actions.put(name, factory.apply(cluster)));
        return actions;
    }
}
