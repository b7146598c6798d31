package dev.flynn.scheduler;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;

/** The records that a decision rests on, as they were read. */
record ClusterPicture(
        Collection<Versioned<Formation>> formations,
        Collection<Versioned<JobRecord>> jobs,
        Collection<Versioned<Host>> hosts,
        Function<ReleaseId, Optional<Release>> releases) {}
