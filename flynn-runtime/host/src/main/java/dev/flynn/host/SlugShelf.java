package dev.flynn.host;

import dev.flynn.api.id.AppId;
import dev.flynn.disk.Item;
import dev.flynn.disk.Item.Worth;
import dev.flynn.disk.Shelf;
import dev.flynn.disk.Trees;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The slugs of a host, packed and unpacked; the blobstore has them all. */
public final class SlugShelf implements Shelf {

    private static final String NAME = "slugs";
    private static final String UNPACKED = "slug-";

    private final HostFiles files;
    private final SlugCache slugs;
    private final ClusterState state;

    /** Of what is unpacked, which does not change. */
    private final Map<String, Long> sizes = new ConcurrentHashMap<>();

    public SlugShelf(HostFiles files, SlugCache slugs, ClusterState state) {
        this.files = files;
        this.slugs = slugs;
        this.state = state;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<Item> items() throws IOException {
        Map<String, AppId> apps = appsBySlug();
        Set<String> held = files.heldLayers();
        List<Item> items = new ArrayList<>();
        List<Path> layers = files.slugLayers();
        sizes.keySet()
                .retainAll(layers.stream()
                        .map(layer -> layer.getFileName().toString())
                        .toList());
        for (Path layer : layers) {
            String name = layer.getFileName().toString();
            long bytes = bytes(name, layer);
            AppId app = apps.get(name.substring(UNPACKED.length()));
            add(items, layer, Optional.ofNullable(app), bytes, held.contains(name) ? Worth.IN_USE : Worth.CACHE);
        }
        for (Path packed : slugs.packed()) {
            AppId app = apps.get(packed.getFileName().toString());
            add(items, packed, Optional.ofNullable(app), packed.toFile().length(), Worth.CACHE);
        }
        return items;
    }

    private long bytes(String name, Path layer) throws IOException {
        Long known = sizes.get(name);
        long bytes = known == null ? Trees.bytes(layer) : known;
        sizes.put(name, bytes);
        return bytes;
    }

    private static void add(List<Item> items, Path file, Optional<AppId> app, long bytes, Worth worth)
            throws IOException {
        try {
            items.add(new Item(
                    NAME,
                    file.getFileName().toString(),
                    app,
                    bytes,
                    Files.getLastModifiedTime(file).toInstant(),
                    worth));
        } catch (NoSuchFileException gone) {
            // nobody needs it any more
        }
    }

    /** By the names of their files. */
    private Map<String, AppId> appsBySlug() {
        Map<String, AppId> apps = new HashMap<>();
        state.releases().list().forEach(release -> {
            String url = release.value().env().getOrDefault(SlugCache.SLUG_URL, "");
            release.value().app().ifPresent(app -> apps.put(SlugCache.fileName(url), app));
        });
        return apps;
    }

    @Override
    public boolean delete(Item item) throws IOException {
        return item.id().startsWith(UNPACKED) ? files.deleteSlugLayer(item.id()) : slugs.deletePacked(item.id());
    }
}
