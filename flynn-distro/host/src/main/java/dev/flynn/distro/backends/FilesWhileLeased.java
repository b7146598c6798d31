package dev.flynn.distro.backends;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The files of jobs, for a backend that gives out the addresses of this host's subnet itself: no job gets its files, and so
 * none starts, that would have an address which may be another host's.
 *
 * @param refusal why no job may have an address; empty if it may
 */
record FilesWhileLeased(JobFiles files, Supplier<Optional<String>> refusal) implements JobFiles {

    @Override
    public List<Mount> open(JobSpec spec) throws IOException {
        Optional<String> reason = spec.hostNetwork() ? Optional.empty() : refusal.get();
        if (reason.isPresent()) {
            throw new IOException(reason.get());
        }
        return files.open(spec);
    }

    @Override
    public void close(JobId job) {
        files.close(job);
    }
}
