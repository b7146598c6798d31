package dev.flynn.disk;

import dev.flynn.api.error.FlynnException;
import dev.flynn.disk.Item.Worth;
import dev.flynn.state.VolumeRecord;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The volumes of a host. Those of apps that are gone go after the time of grace, never for want of room. */
public final class VolumeShelf implements Shelf {

    private static final Logger log = LoggerFactory.getLogger(VolumeShelf.class);

    static final String NAME = "volumes";

    private final Volumes volumes;

    public VolumeShelf(Volumes volumes) {
        this.volumes = volumes;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<Item> items() throws IOException {
        Set<String> unowned = volumes.unowned().stream().map(VolumeRecord::id).collect(Collectors.toSet());
        List<Item> items = new ArrayList<>();
        for (VolumeRecord volume : volumes.list()) {
            Worth worth = volume.holder().isPresent()
                    ? Worth.IN_USE
                    : unowned.contains(volume.id()) ? Worth.LEFT_OVER : Worth.OWNED;
            items.add(new Item(NAME, volume.id(), volume.app(), bytes(volume.id()), volume.usedAt(), worth));
        }
        return items;
    }

    private long bytes(String id) {
        try {
            return volumes.bytes(id);
        } catch (IOException unknown) {
            return 0; // its files are gone, or change while they are counted
        }
    }

    @Override
    public boolean delete(Item item) throws IOException {
        try {
            volumes.delete(item.id());
            return true;
        } catch (FlynnException e) {
            log.atInfo()
                    .addKeyValue("volume", item.id())
                    .addKeyValue("reason", e.getMessage())
                    .log("a volume that no app owns is kept for now");
            return false;
        }
    }

    /** Deletes at once what belongs to apps that are gone and no job has. */
    public List<String> collectAll() throws IOException {
        List<String> deleted = new ArrayList<>();
        for (VolumeRecord volume : volumes.unowned()) {
            volumes.delete(volume.id());
            deleted.add(volume.id());
        }
        return deleted;
    }

    List<String> strays() throws IOException {
        return volumes.strays();
    }
}
