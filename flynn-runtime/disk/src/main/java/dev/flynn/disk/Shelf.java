package dev.flynn.disk;

import java.io.IOException;
import java.util.List;

/** Things of one kind on the disk of a host. Thread-safe. */
public interface Shelf {

    /** As operators see it. */
    String name();

    /** What is there now; may take a while. */
    List<Item> items() throws IOException;

    /**
     * Deletes one of them, unless somebody needs it by now.
     *
     * @return whether it is gone
     */
    boolean delete(Item item) throws IOException;
}
