package dev.flynn.controller;

import dev.flynn.api.app.ScaleRequest;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ProviderId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.id.ResourceId;
import dev.flynn.api.job.Job;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The controller's own records and index keys in the store.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><td>{@code app-releases/<app id>/<release id>}</td><td>{@link ReleaseUse}</td></tr>
 * <tr><td>{@code app-deletions/<app id>}</td><td>{@link AppDeletionRequest}: a deletion that is not done yet</td></tr>
 * <tr><td>{@code release-deletions/<app id>/<release id>}</td><td>{@link ReleaseDeletionRequest}: likewise</td></tr>
 * <tr><td>{@code backups/latest}</td><td>{@link ClusterBackup} that was last asked for</td></tr>
 * <tr><td>{@code domain-moves/<one>}</td><td>{@link DomainMove} that is under way</td></tr>
 * <tr><td>{@code job-reports/<app id>/<job id>}</td><td>{@link Job} that is not one of the cluster's hosts'</td></tr>
 * <tr><td>{@code scale-requests/<app id>/<release id>}</td><td>{@link ScaleRequest} that waits for its jobs</td></tr>
 * <tr><td>{@code deployment-runs/<deployment id>}</td><td>{@link DeploymentRun}: a deployment that is not done yet</td></tr>
 * <tr><td>{@code deploying/<app id>}</td><td>id of the deployment that keeps the app from being deployed again</td></tr>
 * <tr><td>{@code artifact-keys/<digest of type and URI>}</td><td>id of the artifact</td></tr>
 * <tr><td>{@code pending-resources/<resource id>}</td><td>{@link PendingResource}: a provider is asked for it</td></tr>
 * <tr><td>{@code provider-keys/name/<digest>}, {@code provider-keys/url/<digest>}</td><td>id of the provider</td></tr>
 * </table>
 */
final class ControllerTables {

    static final String DELETIONS = "app-deletions/";
    static final String RELEASE_DELETIONS = "release-deletions/";
    static final String LATEST_BACKUP = "latest";
    static final String DOMAIN_MOVES = "domain-moves/";
    static final String SCALE_REQUESTS = "scale-requests/";
    static final String PENDING_RESOURCES = "pending-resources/";
    static final String RUNS = "deployment-runs/";

    private final Table<ReleaseUse> releaseUses;
    private final Table<AppDeletionRequest> deletions;
    private final Table<ReleaseDeletionRequest> releaseDeletions;
    private final Table<ScaleRequest> scaleRequests;
    private final Table<DomainMove> domainMoves;
    private final Table<Job> jobReports;
    private final Table<ClusterBackup> backups;
    private final Table<DeploymentRun> runs;
    private final Table<PendingResource> pendingResources;

    ControllerTables(ClusterState state) {
        this.releaseUses = state.table("app-releases/", ReleaseUse.class);
        this.deletions = state.table(DELETIONS, AppDeletionRequest.class);
        this.releaseDeletions = state.table(RELEASE_DELETIONS, ReleaseDeletionRequest.class);
        this.scaleRequests = state.table(SCALE_REQUESTS, ScaleRequest.class);
        this.domainMoves = state.table(DOMAIN_MOVES, DomainMove.class);
        this.jobReports = state.table("job-reports/", Job.class);
        this.backups = state.table("backups/", ClusterBackup.class);
        this.runs = state.table(RUNS, DeploymentRun.class);
        this.pendingResources = state.table(PENDING_RESOURCES, PendingResource.class);
    }

    /**
     * That an app has, or ever had, something to do with a release.
     *
     * @param formationDeletedAt when its formation was deleted, if it is
     */
    record ReleaseUse(AppId app, ReleaseId release, Optional<Instant> formationDeletedAt) {}

    /**
     * An app that is to be deleted.
     *
     * @param attempts how many failed
     * @param notBefore when the next one is due
     */
    record AppDeletionRequest(AppId app, int attempts, Instant notBefore) {}

    /**
     * A release that an app is to be rid of.
     *
     * @param files in the blobstore that are to be deleted; absent while the release is still there
     * @param remainingApps other apps that use it, which therefore stays
     * @param attempts how many failed
     * @param notBefore when the next one is due
     */
    record ReleaseDeletionRequest(
            AppId app,
            ReleaseId release,
            Optional<List<String>> files,
            List<AppId> remainingApps,
            int attempts,
            Instant notBefore) {

        ReleaseDeletionRequest postponed(int failed, Instant due) {
            return new ReleaseDeletionRequest(app, release, files, remainingApps, failed, due);
        }

        ReleaseDeletionRequest withFiles(List<String> urls, List<AppId> remaining) {
            return new ReleaseDeletionRequest(app, release, Optional.of(urls), remaining, attempts, notBefore);
        }
    }

    /**
     * A resource that a provider is asked for, written before it is asked.
     *
     * @param id of the resource, if it becomes one, and of the request
     * @param config may hold secrets
     * @param attempts to undo it that failed
     * @param notBefore when it is to be undone
     */
    record PendingResource(
            ResourceId id, ProviderId provider, Map<String, Object> config, int attempts, Instant notBefore) {

        PendingResource postponed(int failed, Instant due) {
            return new PendingResource(id, provider, config, failed, due);
        }

        @Override
        public String toString() {
            return "PendingResource[id=%s, provider=%s]".formatted(id, provider);
        }
    }

    /**
     * A move to another domain.
     *
     * @param releases of the platform's apps that were made for it
     * @param attempts how many failed
     * @param notBefore when the next one is due
     */
    record DomainMove(DomainMigration migration, Map<String, ReleaseId> releases, int attempts, Instant notBefore) {

        /** There is at most one. */
        static final String ID = "current";

        DomainMove with(DomainMigration changed) {
            return new DomainMove(changed, releases, attempts, notBefore);
        }

        DomainMove withRelease(String app, ReleaseId release) {
            Map<String, ReleaseId> all = new HashMap<>(releases);
            all.put(app, release);
            return new DomainMove(migration, all, attempts, notBefore);
        }
    }

    /** By {@link ClusterState#formationId}. */
    Table<ReleaseUse> releaseUses() {
        return releaseUses;
    }

    /** By app id. */
    Table<AppDeletionRequest> deletions() {
        return deletions;
    }

    /** By {@link ClusterState#formationId}. */
    Table<ReleaseDeletionRequest> releaseDeletions() {
        return releaseDeletions;
    }

    /** By {@link ClusterState#formationId}. */
    Table<ScaleRequest> scaleRequests() {
        return scaleRequests;
    }

    /** By {@link DomainMove#ID}. */
    Table<DomainMove> domainMoves() {
        return domainMoves;
    }

    /** By app id and job id. */
    Table<Job> jobReports() {
        return jobReports;
    }

    /** By {@link #LATEST_BACKUP}. */
    Table<ClusterBackup> backups() {
        return backups;
    }

    /** By deployment id. */
    Table<DeploymentRun> runs() {
        return runs;
    }

    /** By resource id. */
    Table<PendingResource> pendingResources() {
        return pendingResources;
    }

    static String deployingKey(AppId app) {
        return "deploying/" + app;
    }

    static String artifactKey(String type, String uri) {
        return "artifact-keys/" + digest(type + "\n" + uri);
    }

    static String providerNameKey(String name) {
        return "provider-keys/name/" + digest(name);
    }

    static String providerUrlKey(String url) {
        return "provider-keys/url/" + digest(url);
    }

    private static String digest(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
