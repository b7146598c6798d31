package dev.flynn.volumes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Set;

/**
 * Keeps the files of volumes on one host, each under its id. Ids are UUIDs. Whoever calls sees to it that a volume is not
 * deleted while it is used; calls for different volumes may come at the same time.
 */
public interface VolumeBackend {

    /** As operators choose and see it: {@code directory}, {@code btrfs}. */
    String name();

    /** Makes an empty volume; one that is there already stays as it is. */
    void create(String id) throws IOException;

    boolean exists(String id);

    /** All volumes and snapshots that are here. */
    Set<String> ids() throws IOException;

    /** The directory with the volume's files, in which every user may write: who may come to it the caller decides. */
    Path path(String id);

    /** Makes a read-only copy; half a copy is never seen under {@code snapshot}. */
    void snapshot(String id, String snapshot) throws IOException;

    /** Deletes a volume or a snapshot; one that is not there is fine. */
    void delete(String id) throws IOException;

    /** Writes a snapshot as a stream that {@link #receive} of the same kind of backend reads. */
    void send(String snapshot, OutputStream to) throws IOException;

    /** Makes a volume that may be written to of what {@link #send} wrote; if that fails there is no volume. */
    void receive(String id, InputStream from) throws IOException;

    /**
     * The files of one volume become those of another, whose own are deleted. Whenever that is cut off, the other has either
     * its own or all the new ones.
     */
    void replace(String id, String with) throws IOException;

    /** How much of the disk a volume or a snapshot takes; what it shares with others counts as its own. */
    default long bytes(String id) throws IOException {
        return Directories.bytes(path(id));
    }
}
