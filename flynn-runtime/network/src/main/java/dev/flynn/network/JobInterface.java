package dev.flynn.network;

import java.nio.file.Path;

/**
 * The network of one job, ready for use: {@code lo}, {@code eth0} with its address, and a default route.
 *
 * @param address of {@code eth0}
 * @param prefixLength of the host's subnet
 * @param namespace a file that {@code setns}, {@code nsenter --net=} and the OCI runtime specification take
 */
public record JobInterface(String address, int prefixLength, Path namespace) {}
