package dev.flynn.tck.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** What the suite made in the cluster, and the end of it. */
final class Leftovers {

    /** The key of the meta of apps that the cluster named. */
    static final String MARK = "tck-run";

    private static final int AT_ONCE = 6;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final WireClient client;
    private final String run = Lab.uuid();
    private final Set<String> apps = ConcurrentHashMap.newKeySet();
    private final Set<String> objects = ConcurrentHashMap.newKeySet();
    private final Set<String> providers = ConcurrentHashMap.newKeySet();
    private final Set<String> releases = ConcurrentHashMap.newKeySet();
    private final Set<String> artifacts = ConcurrentHashMap.newKeySet();
    private final Set<String> remains = ConcurrentHashMap.newKeySet();

    Leftovers(Target target) {
        this.client = new WireClient(target, exchange -> {});
    }

    /** Of this run alone. */
    String run() {
        return run;
    }

    void app(String nameOrId) {
        apps.add(nameOrId);
    }

    void resource(String provider, String id) {
        object("/providers/" + provider + "/resources/" + id);
    }

    /** What is deleted by a DELETE of its path. */
    void object(String path) {
        objects.add(path);
    }

    void provider(String name) {
        providers.add(name);
    }

    void release(String id) {
        releases.add(id);
    }

    void artifact(String id) {
        artifacts.add(id);
    }

    /** Deletes all there is to delete, and tells what remains. Later calls have nothing to do, and wait for the first. */
    synchronized List<String> clean() {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            marked().forEach(this::app);
            providers.forEach(this::addResources);
            take(objects).forEach(path -> threads.execute(() -> remove(path)));
            take(apps).forEach(app -> threads.execute(() -> removeApp(app)));
            threads.shutdown();
            if (!threads.awaitTermination(3, TimeUnit.MINUTES)) {
                remains.add("not everything could be deleted within three minutes");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            remains.add("deleting was interrupted");
        } catch (ContractBroken e) {
            remains.add("nothing could be deleted: " + e.getMessage());
        } finally {
            threads.shutdownNow();
        }
        return told();
    }

    /** All resources of a provider that is ours. */
    private void addResources(String provider) {
        String path = "/providers/" + provider + "/resources";
        Json.stream(Json.readLeniently(send("GET", path).text()))
                .forEach(resource -> object(path + "/" + Lab.id(resource)));
    }

    private List<String> marked() {
        return Json.stream(Json.readLeniently(send("GET", "/apps").text()))
                .filter(app -> app.path("meta").path(MARK).asText().equals(run))
                .map(Lab::id)
                .toList();
    }

    private static List<String> take(Set<String> set) {
        List<String> all = new ArrayList<>(set);
        set.removeAll(all);
        return all;
    }

    private void remove(String path) {
        try {
            removeNow(path);
        } catch (ContractBroken e) {
            remains.add(path + ": " + e.getMessage());
        }
    }

    private void removeNow(String path) {
        Answer answer = send("DELETE", path);
        if (answer.status() >= 400 && answer.status() != 404) {
            remains.add("%s: its deletion was answered %d".formatted(path, answer.status()));
        }
    }

    private void removeApp(String app) {
        try {
            String path = "/apps/" + app;
            endJobs(path);
            Answer answer = send("DELETE", path);
            if (answer.status() == 404) {
                return;
            }
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (send("GET", path).status() != 404) {
                if (System.nanoTime() > deadline) {
                    remains.add("app " + app + " is still there a minute after its deletion was asked for");
                    return;
                }
                Thread.sleep(100);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            remains.add("app " + app + ": " + e.getMessage());
        }
    }

    /** One-off jobs outlive their app. */
    private void endJobs(String app) {
        Json.stream(Json.readLeniently(send("GET", app + "/jobs").text()))
                .filter(job -> !job.has("type") && !job.path("state").asText().equals("down"))
                .forEach(job -> send("DELETE", app + "/jobs/" + job.path("id").asText()));
    }

    private Answer send(String method, String path) {
        return client.send(client.authorized(Request.of(method, path)));
    }

    private List<String> told() {
        Set<String> all = new LinkedHashSet<>(remains);
        tell(all, "release", releases);
        tell(all, "artifact", artifacts);
        tell(all, "provider", providers);
        return List.copyOf(all);
    }

    private static void tell(Set<String> all, String kind, Set<String> ids) {
        if (!ids.isEmpty()) {
            all.add("%d %ss, which the contract has no way to delete".formatted(ids.size(), kind));
        }
    }
}
