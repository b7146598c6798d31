package dev.flynn.containers.docker;

import dev.flynn.spi.container.JobFiles;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;

/** What a job needs of its backend. */
record Surroundings(
        Engine engine,
        EngineWatch watch,
        StreamLoop loop,
        ExecutorService workers,
        ScheduledExecutorService timer,
        Clock clock,
        Optional<JobNetwork> network,
        Images images,
        HostImages hostImages,
        JobFiles files,
        Labels labels,
        Listeners listeners,
        DockerSettings settings,
        Optional<String> partitions,
        Path jobs) {}
